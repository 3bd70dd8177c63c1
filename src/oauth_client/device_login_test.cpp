#include "oauth_client/device_login.hpp"

#include <gtest/gtest.h>

#include "fakes/oauth_fixture.hpp"

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;

class DeviceLoginTest : public fakes::OAuthFixture {
 protected:
  static constexpr const char* kDeviceUrl = "https://as.example/device_authorization";

  DeviceLoginTest() {
    script_provider();
    http.on("GET https://as.example/.well-known/oauth-authorization-server", 200,
            R"({"issuer":"https://as.example","token_endpoint":"https://as.example/token",)"
            R"("registration_endpoint":"https://as.example/register",)"
            R"("revocation_endpoint":"https://as.example/revoke",)"
            R"("device_authorization_endpoint":"https://as.example/device_authorization",)"
            R"("token_endpoint_auth_methods_supported":["none"]})");
    offer_codes("dc-1");
    answer_polls({});
  }

  void offer_codes(const std::string& code) {
    http.on(std::string("POST ") + kDeviceUrl, 200,
            R"({"device_code":")" + code +
                R"(","user_code":"AB-CD","verification_uri":"https://as.example/device",)"
                R"("expires_in":900,"interval":5})");
  }
  /// These errors one after the other, then tokens.
  void answer_polls(std::vector<std::string> errors) {
    auto left = std::make_shared<std::vector<std::string>>(std::move(errors));
    http.on(std::string("POST ") + kTokenUrl, [left](const http::Request&) -> Result<http::Reply> {
      if (left->empty()) return http::Reply{.status = 200, .body = tokens("at-1", "rt-1")};
      const std::string error = left->front();
      left->erase(left->begin());
      if (error == "lost") return fail(Errc::outcome_unknown, "scripted");
      if (error == "down") return fail(Errc::unavailable, "scripted");
      if (error == "503") return http::Reply{.status = 503};
      if (error == "portal") return http::Reply{.status = 200, .body = "<html>pay here</html>"};
      return http::Reply{.status = 400, .body = R"({"error":")" + error + "\"}"};
    });
  }

  Result<PendingDeviceLogin> begin() {
    DiscoveryRequest question = discovery_request(connection);
    question.challenges = std::vector<std::string>{"Bearer"};
    auto discovery = run(discover(std::move(question), http));
    LoginRequest request;
    request.connection = connection;
    request.key = key;
    return run(device.begin(std::move(request), *discovery));
  }
  Result<LoginOutcome> finish(const PendingDeviceLogin& pending) {
    return run(device.finish(key.organization, pending));
  }
  int polls() const { return http.count("POST", kTokenUrl); }

  Login login{store, http, clock, logger, {}};
  DeviceLogin device{login, store, http, clock, logger, sleep()};
};

TEST_F(DeviceLoginTest, a_login_from_begin_to_stored_tokens) {
  answer_polls({"authorization_pending", "slow_down", "authorization_pending"});
  const auto pending = begin();
  ASSERT_TRUE(pending.has_value()) << describe(pending.error());
  EXPECT_EQ(pending->user_code, "AB-CD");
  EXPECT_EQ(http.last_form(kDeviceUrl).at("resource"), kServer);
  EXPECT_EQ(http.last_form(kDeviceUrl).at("scope"), "read write");
  const SystemTime started = clock.now();
  const auto outcome = finish(*pending);
  ASSERT_TRUE(outcome.has_value()) << describe(outcome.error());
  EXPECT_EQ(polls(), 4);
  EXPECT_EQ(clock.now() - started, 5s + 5s + 10s + 10s);
  const auto form = http.last_form(kTokenUrl);
  EXPECT_EQ(form.at("device_code"), "dc-1");
  EXPECT_EQ(form.at("resource"), kServer);
  EXPECT_EQ(stored().tokens.refresh_token.reveal(), "rt-1");
  EXPECT_EQ(stored().requested_scope, "read write");
  EXPECT_FALSE(*run(login.is_pending(key.organization, pending->state_hash)));
}

TEST_F(DeviceLoginTest, the_client_is_registered_for_the_device_grant) {
  ASSERT_TRUE(begin().has_value());
  const auto registered = std::ranges::find_if(
      http.sent, [](const auto& one) { return one.target == "https://as.example/register"; });
  ASSERT_NE(registered, http.sent.end());
  EXPECT_NE(registered->body.find("grant-type:device_code"), std::string::npos);
  EXPECT_NE(registered->body.find("http://127.0.0.1:"), std::string::npos);
}

TEST_F(DeviceLoginTest, a_client_that_is_not_registered_for_it_is_registered_anew_once) {
  ASSERT_TRUE(begin().has_value());
  http.on(std::string("POST ") + kDeviceUrl, 400, R"({"error":"unauthorized_client"})");
  EXPECT_EQ(begin().error().code, Errc::invalid_client);
  EXPECT_EQ(http.count("POST", "https://as.example/register"), 2);
}

TEST_F(DeviceLoginTest, faults_of_network_and_server_are_waited_out) {
  answer_polls({"down", "503", "lost", "authorization_pending"});
  EXPECT_TRUE(finish(*begin()).has_value());
  EXPECT_EQ(polls(), 5);
}

TEST_F(DeviceLoginTest, a_captive_portal_is_waited_out) {
  answer_polls({"portal", "portal", "authorization_pending"});
  EXPECT_TRUE(finish(*begin()).has_value());
  EXPECT_EQ(polls(), 4);
}

TEST_F(DeviceLoginTest, a_refusal_after_an_unreadable_success_leaves_the_outcome_unknown) {
  answer_polls({"portal", "invalid_grant"});
  EXPECT_EQ(finish(*begin()).error().code, Errc::outcome_unknown);
}

TEST_F(DeviceLoginTest, faults_that_last_end_with_the_code) {
  http.on_error(std::string("POST ") + kTokenUrl, Errc::unavailable);
  const auto pending = *begin();
  const SystemTime started = clock.now();
  EXPECT_EQ(finish(pending).error().code, Errc::sign_in_required);
  EXPECT_EQ(clock.now() - started, 900s);
  EXPECT_LE(polls(), 20);
}

TEST_F(DeviceLoginTest, the_row_lives_as_long_as_the_code) {
  const auto pending = *begin();
  advance(14min);
  EXPECT_TRUE(*run(login.is_pending(key.organization, pending.state_hash)));
  advance(2min);
  EXPECT_FALSE(*run(login.is_pending(key.organization, pending.state_hash)));
}

TEST_F(DeviceLoginTest, a_later_login_retires_this_one) {
  const auto first = *begin();
  offer_codes("dc-2");
  const auto second = *begin();
  EXPECT_EQ(finish(first).error().code, Errc::conflict);
  EXPECT_EQ(polls(), 0);
  EXPECT_TRUE(finish(second).has_value());
}

TEST_F(DeviceLoginTest, an_answer_that_comes_after_a_cancel_is_revoked) {
  const auto pending = *begin();
  http.on(std::string("POST ") + kTokenUrl, [&](const http::Request&) -> Result<http::Reply> {
    boost::asio::io_context other;
    (void)run_to_end(other, memory.authorizations().erase(key.organization, pending.id));
    return http::Reply{.status = 200, .body = tokens("at-1", "rt-1")};
  });
  EXPECT_EQ(finish(pending).error().code, Errc::conflict);
  EXPECT_EQ(http.count("POST", kRevokeUrl), 1);
  EXPECT_FALSE(run(memory.credentials().find(key))->has_value());
}

TEST_F(DeviceLoginTest, a_newer_login_is_not_replaced_by_a_late_answer) {
  const auto pending = *begin();
  sign_in();
  EXPECT_EQ(finish(pending).error().code, Errc::conflict);
  EXPECT_EQ(stored().tokens.access_token.reveal(), "at-0");
  EXPECT_EQ(http.count("POST", kRevokeUrl), 1);
}

TEST_F(DeviceLoginTest, an_edit_of_the_url_ends_it) {
  const auto pending = *begin();
  connection.url = "https://other.example/mcp";
  connection = *run(memory.connections().update(connection));
  EXPECT_EQ(finish(pending).error().code, Errc::conflict);
  EXPECT_EQ(polls(), 0);
}

TEST_F(DeviceLoginTest, a_no_of_the_person_ends_it_and_leaves_no_row) {
  answer_polls({"authorization_pending", "access_denied"});
  const auto pending = *begin();
  EXPECT_EQ(finish(pending).error().code, Errc::rejected);
  EXPECT_FALSE(*run(login.is_pending(key.organization, pending.state_hash)));
}

TEST_F(DeviceLoginTest, no_callback_finishes_it) {
  (void)begin();
  const auto outcome =
      run(login.finish(key.organization, "http://127.0.0.1:1/callback?state=dc-1&code=stolen"));
  EXPECT_EQ(outcome.error().code, Errc::not_found);
  EXPECT_EQ(polls(), 0);
}

TEST_F(DeviceLoginTest, a_server_without_it_says_so) {
  script_provider();
  EXPECT_EQ(begin().error().code, Errc::unsupported);
}

TEST_F(DeviceLoginTest, tokens_that_cannot_be_stored_are_not_called_a_login) {
  store.failures = {{"save_login", 1}};
  EXPECT_EQ(finish(*begin()).error().code, Errc::storage);
}

}  // namespace
}  // namespace gatehouse::oauth_client
