#include "oauth_client/registration.hpp"

#include <gtest/gtest.h>

#include "fakes/oauth_fixture.hpp"

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;
using vault::RegistrationKind;

constexpr const char* kRegister = "https://as.example/register";

class RegistrarTest : public fakes::OAuthFixture {
 protected:
  RegistrarTest() {
    request.organization = local_organization();
    request.connection_name = "demo";
    request.server.issuer = kIssuer;
    request.server.registration_endpoint = kRegister;
    request.server.token_endpoint_auth_methods_supported = {"none"};
    request.redirect_uri = kRedirect;
    answer(R"({"client_id":"client-1"})");
  }

  void answer(const std::string& body) { http.on(std::string("POST ") + kRegister, 201, body); }
  Result<vault::Registration> obtain(ClientSettings settings = {}) {
    Registrar registrar(store.registrations(), http, clock, std::move(settings));
    return run(registrar.obtain(request));
  }
  std::string secret_until(std::chrono::hours life, const std::string& id,
                           const std::string& more = {}, const std::string& secret = "s") {
    const auto end = std::chrono::floor<std::chrono::seconds>(clock.now() + life);
    return R"({"client_id":")" + id + R"(","client_secret":")" + secret +
           R"(","client_secret_expires_at":)" + std::to_string(end.time_since_epoch().count()) +
           more + "}";
  }
  static Task<> nothing() { co_return; }
  int registrations() const { return http.count("POST", kRegister); }

  RegistrationRequest request;
};

TEST_F(RegistrarTest, a_registration_is_made_once_and_used_again) {
  EXPECT_EQ(obtain()->client_id, "client-1");
  EXPECT_EQ(obtain()->client_id, "client-1");
  EXPECT_EQ(registrations(), 1);
  EXPECT_NE(http.sent[0].body.find("\"application_type\":\"native\""), std::string::npos);
  EXPECT_EQ(http.redirects[0], http::Redirects::none);
}

TEST_F(RegistrarTest, a_preregistered_client_beats_everything_and_nothing_is_registered) {
  ASSERT_TRUE(obtain().has_value());
  request.settings.client_id = "given";
  request.settings.client_secret = Secret("s");
  request.server.token_endpoint_auth_methods_supported.reset();
  const auto registration = obtain({.client_metadata_url = "https://gw.example/client"});
  EXPECT_EQ(registration->kind, RegistrationKind::preregistered);
  EXPECT_EQ(registration->auth_method, "client_secret_basic");
  EXPECT_EQ(registrations(), 1);
  EXPECT_EQ(obtain()->id, registration->id);
}

TEST_F(RegistrarTest, a_metadata_document_beats_dynamic_registration_where_it_is_supported) {
  request.server.client_id_metadata_document_supported = true;
  const auto registration = obtain({.client_metadata_url = "https://gw.example/client"});
  EXPECT_EQ(registration->kind, RegistrationKind::client_metadata);
  EXPECT_EQ(registration->client_id, "https://gw.example/client");
  EXPECT_EQ(registration->auth_method, "none");
  EXPECT_EQ(obtain()->kind, RegistrationKind::dynamic) << "no document is configured";
}

TEST_F(RegistrarTest, when_nothing_is_left_the_error_names_what_to_type) {
  request.server.registration_endpoint.clear();
  request.server.client_id_metadata_document_supported = true;
  const auto registration = obtain();
  EXPECT_EQ(registration.error().code, Errc::unsupported);
  EXPECT_NE(registration.error().hint.find("gatehouse login demo --client-id"), std::string::npos);
  EXPECT_NE(registration.error().detail.find("metadata document"), std::string::npos);
}

TEST_F(RegistrarTest, a_redirect_uri_that_is_missing_is_registered_along_with_the_old_ones) {
  ASSERT_TRUE(obtain().has_value());
  request.redirect_uri = "http://127.0.0.1:7777/callback";
  answer(R"({"client_id":"client-2"})");
  const auto registration = obtain();
  EXPECT_EQ(registration->client_id, "client-2");
  EXPECT_EQ(registration->redirect_uris,
            (std::vector<std::string>{"http://127.0.0.1:7777/callback", kRedirect}));
  request.redirect_uri = kRedirect;
  EXPECT_EQ(obtain()->client_id, "client-2");
}

TEST_F(RegistrarTest, a_loopback_redirect_without_port_covers_every_port) {
  request.redirect_uri = "http://127.0.0.1/callback";
  ASSERT_TRUE(obtain().has_value());
  request.redirect_uri = "http://127.0.0.1:7777/callback";
  ASSERT_TRUE(obtain().has_value());
  EXPECT_EQ(registrations(), 1);
  request.redirect_uri = "http://127.0.0.1:7777/other";
  ASSERT_TRUE(obtain().has_value());
  EXPECT_EQ(registrations(), 2);
}

TEST_F(RegistrarTest, an_expired_secret_means_registering_anew) {
  request.server.token_endpoint_auth_methods_supported.reset();
  const auto in_an_hour =
      std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch()).count() +
      3600;
  answer(R"({"client_id":"c1","client_secret":"s","client_secret_expires_at":)" +
         std::to_string(in_an_hour) + "}");
  ASSERT_TRUE(obtain().has_value());
  advance(std::chrono::hours(1));
  answer(R"({"client_id":"c2","client_secret":"s2"})");
  EXPECT_EQ(obtain()->client_id, "c2");
}

TEST_F(RegistrarTest, a_secret_that_ends_soon_is_replaced_before_it_fails) {
  answer(secret_until(40h, "c1"));
  ASSERT_TRUE(obtain().has_value());
  advance(29h);
  EXPECT_EQ(obtain()->client_id, "c1");
  advance(2h);
  http.on(std::string("POST ") + kRegister, 503, "");
  EXPECT_EQ(obtain()->client_id, "c1") << "it serves until its end";
  answer(R"({"client_id":"c2","client_secret":"s2","client_secret_expires_at":0})");
  EXPECT_EQ(obtain()->client_id, "c2");
  advance(24h * 3650);
  EXPECT_EQ(obtain()->client_id, "c2") << "0 means never";
}

TEST_F(RegistrarTest, a_secret_that_the_provider_renews_keeps_the_client) {
  answer(secret_until(40h, "c1",
                      R"(,"registration_client_uri":"https://as.example/register/c1",)"
                      R"("registration_access_token":"rat")"));
  ASSERT_TRUE(obtain().has_value());
  advance(39h);
  http.on("GET https://as.example/register/c1", 200, secret_until(40h, "c1", {}, "renewed"));
  EXPECT_EQ(obtain()->client_secret.reveal(), "renewed");
  EXPECT_EQ(obtain()->client_secret.reveal(), "renewed");
  EXPECT_EQ(registrations(), 1);
  EXPECT_EQ(http.count("GET", "https://as.example/register/c1"), 1);
}

TEST_F(RegistrarTest, while_another_process_registers_anew_its_client_is_waited_for) {
  answer(R"({"client_id":"c1"})");
  vault::Registration one = *obtain();
  one.refused_at = clock.now();
  one.claimed_at = clock.now();
  one = *run(memory.registrations().update(one));
  int looks = 0;
  Registrar registrar(store.registrations(), http, clock, {}, [&](Duration) -> Task<> {
    if (++looks == 3) {
      vault::Registration other = one;
      other.id = {"reg_w"};
      other.client_id = "winner";
      other.refused_at.reset();
      other.claimed_at.reset();
      boost::asio::io_context inner;
      (void)run_to_end(inner, memory.registrations().save(other, one.id));
    }
    return nothing();
  });
  EXPECT_EQ(run(registrar.obtain(request))->client_id, "winner");
  EXPECT_EQ(registrations(), 1);
}

TEST_F(RegistrarTest, the_client_of_a_race_that_was_lost_is_deleted) {
  http.on("DELETE https://as.example/register/loser", 204, "");
  http.on(std::string("POST ") + kRegister, [&](const http::Request&) -> Result<http::Reply> {
    vault::Registration winner{.id = {"reg_w"},
                               .organization = local_organization(),
                               .issuer = kIssuer,
                               .client_id = "winner",
                               .redirect_uris = {kRedirect}};
    boost::asio::io_context inner;
    (void)run_to_end(inner, memory.registrations().save(winner, std::nullopt));
    return http::Reply{.status = 201,
                       .body = R"({"client_id":"loser","registration_access_token":"rat",)"
                               R"("registration_client_uri":"https://as.example/register/loser"})"};
  });
  EXPECT_EQ(obtain()->client_id, "winner");
  EXPECT_EQ(http.count("DELETE", "https://as.example/register/loser"), 1);
}

TEST_F(RegistrarTest, the_loser_of_a_race_adopts_the_first_registration) {
  http.on(std::string("POST ") + kRegister, [&](const http::Request&) -> Result<http::Reply> {
    vault::Registration winner{.id = {"reg_w"},
                               .organization = local_organization(),
                               .issuer = kIssuer,
                               .client_id = "winner",
                               .redirect_uris = {kRedirect}};
    boost::asio::io_context inner;
    (void)run_to_end(inner, memory.registrations().save(winner, std::nullopt));
    return http::Reply{.status = 201, .body = R"({"client_id":"loser"})"};
  });
  EXPECT_EQ(obtain()->client_id, "winner");
}

TEST_F(RegistrarTest, a_server_that_refuses_us_says_why_and_what_to_do) {
  http.on(std::string("POST ") + kRegister, 403, R"({"error":"access_denied"})");
  const auto registration = obtain();
  EXPECT_EQ(registration.error().code, Errc::rejected);
  EXPECT_NE(registration.error().hint.find("--client-id"), std::string::npos);
  EXPECT_FALSE(*run(memory.registrations().find_current(local_organization(), kIssuer,
                                                        RegistrationKind::dynamic)));
}

TEST_F(RegistrarTest, a_server_that_drops_the_redirect_uri_is_not_used) {
  answer(R"({"client_id":"c","redirect_uris":["https://elsewhere.example/cb"]})");
  EXPECT_EQ(obtain().error().code, Errc::rejected);
}

TEST_F(RegistrarTest, client_credentials_are_kept_apart_by_issuer) {
  ASSERT_TRUE(obtain().has_value());
  request.server.issuer = "https://two.example";
  request.server.registration_endpoint = "https://two.example/register";
  http.on("POST https://two.example/register", 201, R"({"client_id":"two"})");
  EXPECT_EQ(obtain()->client_id, "two");
}

}  // namespace
}  // namespace gatehouse::oauth_client
