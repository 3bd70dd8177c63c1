#include "oauth_client/registration.hpp"

#include <gtest/gtest.h>

#include "fakes/oauth_fixture.hpp"

namespace gatehouse::oauth_client {
namespace {

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
