// invalid_client, from the first refusal to what the person must do, through Refresher.
#include "oauth_client/client_repair.hpp"

#include <gtest/gtest.h>

#include "fakes/oauth_fixture.hpp"
#include "oauth_client/refresh.hpp"

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;
using vault::Registration;
using vault::RegistrationKind;

constexpr const char* kRegister = "https://as.example/register";
constexpr const char* kMetadata = "GET https://as.example/.well-known/oauth-authorization-server";

class ClientRepairTest : public fakes::OAuthFixture {
 protected:
  ClientRepairTest() {
    script_provider();
    sign_in(10s);
    advance(20s);
    refuse();
  }

  void refuse() { http.on(token_request, 401, R"({"error":"invalid_client"})"); }
  /// Refuses the first `times` requests and then gives tokens.
  void refuse(int times) {
    http.on(token_request, [=, left = times](const http::Request&) mutable -> Result<http::Reply> {
      if (left-- > 0) return http::Reply{.status = 401, .body = R"({"error":"invalid_client"})"};
      return http::Reply{.status = 200, .body = tokens("at-1", "rt-1")};
    });
  }
  Result<vault::Credential> refresh() {
    Refresher refresher(store, http, clock, logger, sleep());
    const vault::Credential row = stored();
    return run(refresher.refresh(
        {.key = key,
         .connection_name = "demo",
         .goal = {row.version, row.epoch, RefreshReason::ahead, "run `gatehouse login demo`"}}));
  }
  /// From within a request, where the loop runs already.
  vault::Credential stored_now() {
    boost::asio::io_context inner;
    return **run_to_end(inner, memory.credentials().find(key));
  }
  Registration registration(const RegistrationId& id = {"reg_1"}) {
    return **run(memory.registrations().find(local_organization(), id));
  }
  Registration current() {
    return **run(memory.registrations().find_current(local_organization(), kIssuer,
                                                     RegistrationKind::dynamic));
  }
  void change(std::function<void(Registration&)> edit) {
    Registration one = registration();
    edit(one);
    ASSERT_TRUE(run(memory.registrations().update(one)));
  }
  int sent() const { return http.count("POST", kTokenUrl); }
  int registered() const { return http.count("POST", kRegister); }

  const std::string token_request = std::string("POST ") + kTokenUrl;
};

TEST_F(ClientRepairTest, one_refusal_is_a_passing_fault) {
  refuse(1);
  EXPECT_EQ(refresh()->tokens.access_token.reveal(), "at-1");
  EXPECT_EQ(sent(), 2);
  EXPECT_EQ(registered(), 0);
  EXPECT_FALSE(registration().refused_at);
}

TEST_F(ClientRepairTest, a_server_that_is_not_well_proves_nothing) {
  http.on(kMetadata, 503, "");
  http.on("GET https://as.example/.well-known/openid-configuration", 503, "");
  const auto fresh = refresh();
  EXPECT_EQ(fresh.error().code, Errc::server_error);
  EXPECT_EQ(sent(), 1);
  EXPECT_EQ(registered(), 0);
  EXPECT_FALSE(stored().sign_in_required);
  EXPECT_EQ(stored().attempts, 0);
}

TEST_F(ClientRepairTest, a_client_that_is_refused_twice_is_registered_anew_once) {
  const auto fresh = refresh();
  EXPECT_EQ(fresh.error().code, Errc::sign_in_required);
  EXPECT_NE(fresh.error().detail.find("registered us anew"), std::string::npos);
  EXPECT_NE(fresh.error().hint.find("gatehouse login demo"), std::string::npos);
  EXPECT_EQ(registered(), 1);
  EXPECT_EQ(current().client_id, "client-1");
  EXPECT_EQ(registration().client_id, "client-0") << "the login still refers to it";
  EXPECT_FALSE(stored().sign_in_required) << "the row waits for the server to recover";
}

TEST_F(ClientRepairTest, a_secret_that_has_expired_is_named) {
  change([&](Registration& one) { one.secret_expires_at = clock.now() - 1h; });
  EXPECT_NE(refresh().error().detail.find("whose secret has expired"), std::string::npos);
  EXPECT_EQ(registered(), 1);
}

TEST_F(ClientRepairTest, a_refused_client_is_left_alone_for_a_while_and_never_registered_again) {
  EXPECT_FALSE(refresh());
  const int before = sent();
  EXPECT_EQ(refresh().error().code, Errc::sign_in_required);
  EXPECT_EQ(sent(), before);
  advance(limits::kClientPause);
  EXPECT_EQ(refresh().error().code, Errc::sign_in_required);
  EXPECT_EQ(sent(), before + 2);
  EXPECT_EQ(registered(), 1);
}

TEST_F(ClientRepairTest, a_client_that_is_taken_again_saves_the_login) {
  EXPECT_FALSE(refresh());
  advance(limits::kClientPause);
  http.on(token_request, 200, tokens("at-1", "rt-1"));
  EXPECT_EQ(refresh()->tokens.access_token.reveal(), "at-1");
  EXPECT_FALSE(registration().refused_at);
}

TEST_F(ClientRepairTest, a_clock_that_was_set_back_pauses_nothing) {
  EXPECT_FALSE(refresh());
  clock.advance(-2h);
  http.on(token_request, 200, tokens("at-1", "rt-1"));
  EXPECT_TRUE(refresh().has_value());
}

TEST_F(ClientRepairTest, whoever_comes_second_adopts_the_client_of_the_first) {
  Registration first = registration();
  http.on(std::string("POST ") + kRegister, 201, R"({"client_id":"never"})");
  Registration winner = first;
  winner.id = {"reg_2"};
  winner.client_id = "of-the-other";
  ASSERT_TRUE(run(memory.registrations().save(winner, first.id)));
  EXPECT_EQ(refresh().error().code, Errc::sign_in_required);
  EXPECT_EQ(registered(), 0);
  EXPECT_EQ(current().client_id, "of-the-other");
}

TEST_F(ClientRepairTest, while_another_process_registers_its_client_is_waited_for) {
  change([&](Registration& one) {
    one.refused_at = clock.now() - limits::kClientPause;
    one.claimed_at = clock.now();
  });
  EXPECT_EQ(refresh().error().code, Errc::sign_in_required);
  EXPECT_EQ(registered(), 1) << "the other was killed: its claim ends by itself";
}

TEST_F(ClientRepairTest, a_failing_registration_is_told_and_tried_again_at_the_next_login) {
  http.on(std::string("POST ") + kRegister, 503, "");
  const auto fresh = refresh();
  EXPECT_EQ(fresh.error().code, Errc::sign_in_required);
  EXPECT_NE(fresh.error().detail.find("registering anew failed"), std::string::npos);
  EXPECT_FALSE(current().claimed_at) << "nobody waits for it";
  EXPECT_TRUE(current().refused_at);
}

TEST_F(ClientRepairTest, a_secret_that_the_provider_renewed_is_fetched_and_used) {
  change([](Registration& one) {
    one.client_secret = Secret("old");
    one.auth_method = "client_secret_post";
    one.registration_client_uri = "https://as.example/register/client-0";
    one.registration_access_token = Secret("rat");
  });
  http.on("GET https://as.example/register/client-0", 200,
          R"({"client_id":"client-0","client_secret":"new"})");
  refuse(1);
  EXPECT_TRUE(refresh().has_value());
  EXPECT_EQ(http.last_form(kTokenUrl).at("client_secret"), "new");
  EXPECT_EQ(registration().client_secret.reveal(), "new");
}

TEST_F(ClientRepairTest, a_client_registered_by_hand_is_the_persons_to_mend) {
  change([](Registration& one) { one.kind = RegistrationKind::preregistered; });
  const auto fresh = refresh();
  EXPECT_EQ(fresh.error().code, Errc::invalid_client);
  EXPECT_NE(fresh.error().detail.find("by hand"), std::string::npos);
  EXPECT_NE(fresh.error().hint.find("gatehouse login demo --client-id ID --client-secret-file"),
            std::string::npos);
  EXPECT_EQ(registered(), 0);
}

TEST_F(ClientRepairTest, a_secret_corrected_by_hand_saves_the_login) {
  change([](Registration& one) {
    one.kind = RegistrationKind::preregistered;
    one.client_secret = Secret("wrong");
    one.auth_method = "client_secret_post";
  });
  Registration corrected = registration();
  corrected.id = {"reg_2"};
  corrected.client_secret = Secret("right");
  ASSERT_TRUE(run(memory.registrations().save(corrected, RegistrationId{"reg_1"})));
  refuse(1);
  EXPECT_TRUE(refresh().has_value());
  EXPECT_EQ(http.last_form(kTokenUrl).at("client_secret"), "right");
}

TEST_F(ClientRepairTest, a_login_of_another_client_that_came_meanwhile_is_refreshed_with_that) {
  Registration second = registration();
  second.id = {"reg_2"};
  second.client_id = "client-2";
  ASSERT_TRUE(run(memory.registrations().save(second, RegistrationId{"reg_1"})));
  http.on(kMetadata, [&](const http::Request&) -> Result<http::Reply> {
    vault::Credential login = stored_now();
    login.binding.registration = {"reg_2"};
    login.tokens.refresh_token = Secret("rt-2");
    boost::asio::io_context inner;
    (void)run_to_end(inner, memory.credentials().save_login(login, login.epoch));
    return http::Reply{.status = 404};
  });
  http.on("GET https://as.example/.well-known/openid-configuration", 404, "");
  refuse(1);
  EXPECT_TRUE(refresh().has_value());
  EXPECT_EQ(http.last_form(kTokenUrl).at("client_id"), "client-2");
  EXPECT_EQ(http.last_form(kTokenUrl).at("refresh_token"), "rt-2");
}

TEST_F(ClientRepairTest, a_token_that_still_works_stays_in_use_meanwhile) {
  clock.advance(-15s);
  EXPECT_EQ(refresh()->tokens.access_token.reveal(), "at-0");
  EXPECT_EQ(registered(), 1);
}

}  // namespace
}  // namespace gatehouse::oauth_client
