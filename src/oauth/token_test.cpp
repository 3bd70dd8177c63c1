#include "oauth/token.hpp"

#include <gtest/gtest.h>

#include "oauth/registration.hpp"

namespace gatehouse::oauth {
namespace {

using namespace std::chrono_literals;

Result<TokenResponse> ok(std::string_view body) {
  return parse_token_response(200, body);
}

std::optional<std::chrono::seconds> life(std::string_view expires_in) {
  return ok(R"({"access_token":"a","expires_in":)" + std::string(expires_in) + "}")->expires_in;
}

TEST(TokenResponse, a_complete_answer_is_read) {
  const auto tokens = ok(
      R"({"access_token":"a","token_type":"Bearer","expires_in":3600,"refresh_token":"r","scope":"x y"})");
  ASSERT_TRUE(tokens.has_value());
  EXPECT_EQ(tokens->access_token.reveal(), "a");
  EXPECT_EQ(tokens->refresh_token.reveal(), "r");
  EXPECT_EQ(tokens->expires_in, 3600s);
  EXPECT_EQ(tokens->scope, "x y");
}

TEST(TokenResponse, life_is_read_by_shape_and_unknown_stays_unknown) {
  EXPECT_EQ(life("\"3600\""), 3600s);
  EXPECT_EQ(life("3599.7"), 3599s);
  EXPECT_EQ(life("1e300"), kLongestTokenLife);
  EXPECT_EQ(life("99999999999999999999999"), kLongestTokenLife);
  EXPECT_EQ(life("\"99999999999999999999999\""), kLongestTokenLife);
  EXPECT_EQ(life("18446744073709551615"), kLongestTokenLife);
  for (const char* unknown : {"null", "0", "-5", "\"\"", "\"soon\"", "[]", "true"})
    EXPECT_EQ(life(unknown), std::nullopt) << unknown;
  EXPECT_EQ(ok(R"({"access_token":"a"})")->expires_in, std::nullopt);
}

TEST(TokenResponse, errors_with_status_200_are_errors) {
  EXPECT_EQ(ok(R"({"error":"bad_verification_code"})").error().code, Errc::invalid_grant);
  EXPECT_EQ(ok(R"({"ok":false,"error":"invalid_refresh_token"})").error().code,
            Errc::invalid_grant);
  EXPECT_EQ(ok(R"({"ok":false})").error().code, Errc::rejected);
  EXPECT_EQ(ok(R"({"error":{"code":"invalid_client","message":"no"}})").error().code,
            Errc::invalid_client);
  EXPECT_EQ(ok("{}").error().code, Errc::protocol);
  EXPECT_EQ(ok("<html>").error().code, Errc::protocol);
}

TEST(TokenResponse, form_encoding_is_understood) {
  const auto tokens = ok("access_token=a%2Bb&token_type=bearer&expires_in=60&scope=x%20y");
  ASSERT_TRUE(tokens.has_value());
  EXPECT_EQ(tokens->access_token.reveal(), "a+b");
  EXPECT_EQ(tokens->expires_in, 60s);
  EXPECT_EQ(ok("error=incorrect_client_credentials&error_description=x").error().code,
            Errc::invalid_client);
}

TEST(TokenResponse, types_that_need_a_proof_are_refused_and_others_are_bearer_tokens) {
  EXPECT_TRUE(ok(R"({"ok":true,"access_token":"a","token_type":"user"})").has_value());
  EXPECT_TRUE(ok(R"({"access_token":"a"})").has_value());
  EXPECT_EQ(ok(R"({"access_token":"a","token_type":"DPoP"})").error().code, Errc::unsupported);
  const auto bound =
      parse_token_response(200, R"({"access_token":"a","token_type":"dpop"})", Proof::sent);
  ASSERT_TRUE(bound.has_value());
  EXPECT_EQ(token_scheme(*bound), "DPoP");
  EXPECT_EQ(token_scheme(*ok(R"({"access_token":"a","token_type":"user"})")), "Bearer");
  EXPECT_FALSE(
      parse_token_response(200, R"({"access_token":"a","token_type":"mac"})", Proof::sent));
}

TEST(TokenResponse, tokens_one_level_down_are_found) {
  const auto tokens = ok(
      R"({"ok":true,"app_id":"A","authed_user":{"id":"U","access_token":"xoxp","token_type":"user"}})");
  ASSERT_TRUE(tokens.has_value());
  EXPECT_EQ(tokens->access_token.reveal(), "xoxp");
}

TEST(TokenResponse, a_token_that_would_break_a_header_is_refused) {
  EXPECT_EQ(ok(R"({"access_token":"a\r\nX: y"})").error().code, Errc::protocol);
}

TEST(TokenResponse, an_outage_is_never_taken_for_a_verdict) {
  EXPECT_EQ(parse_token_response(503, R"({"error":"invalid_grant"})").error().code,
            Errc::server_error);
  EXPECT_EQ(parse_token_response(429, "").error().code, Errc::rate_limited);
  EXPECT_EQ(parse_token_response(400, R"({"error":"invalid_grant"})").error().code,
            Errc::invalid_grant);
  EXPECT_EQ(parse_token_response(401, R"({"error":"invalid_client"})").error().code,
            Errc::invalid_client);
  EXPECT_EQ(parse_token_response(400, "nope").error().code, Errc::rejected);
  EXPECT_EQ(parse_token_response(403, R"({"error":"insufficient_scope"})").error().code,
            Errc::insufficient_scope);
}

TEST(TokenResponse, an_id_token_names_the_person_for_display) {
  const std::string claims = base64url_encode(R"({"sub":"1","email":"ann@example.com"})");
  const auto tokens = ok(R"({"access_token":"a","id_token":"x.)" + claims + R"(.y"})");
  EXPECT_EQ(tokens->id_token_subject, "ann@example.com");
  EXPECT_EQ(ok(R"({"access_token":"a","id_token":"rubbish"})")->id_token_subject, "");
}

TEST(TokenRequest, basic_encodes_id_and_secret_by_form_rules) {
  const ClientAuthentication client{"a:b c", Secret("p%+"), ClientAuthMethod::client_secret_basic};
  const auto request = make_refresh_request("https://as/t", Secret("r"), "https://h", client);
  EXPECT_EQ(request.headers.find("Authorization"), "Basic " + base64_encode("a%3Ab+c:p%25%2B"));
  EXPECT_EQ(request.body.find("client_id"), std::string::npos);
  EXPECT_NE(request.body.find("resource=https%3A%2F%2Fh"), std::string::npos);
}

TEST(TokenRequest, post_and_none_put_the_client_into_the_body) {
  const auto post = make_form_request("https://as/t", {},
                                      {"c", Secret("s"), ClientAuthMethod::client_secret_post});
  EXPECT_EQ(post.body, "client_id=c&client_secret=s");
  const auto none = make_form_request("https://as/t", {}, {"c", Secret(), ClientAuthMethod::none});
  EXPECT_EQ(none.body, "client_id=c");
  EXPECT_FALSE(none.headers.contains("Authorization"));
}

TEST(TokenRequest, a_code_is_sent_with_verifier_redirect_and_resource) {
  const auto request =
      make_code_request("https://as/t", "c1", Secret("v"), "http://127.0.0.1:9/callback",
                        "https://H/x", {"c", Secret(), ClientAuthMethod::none});
  EXPECT_EQ(
      request.body,
      "grant_type=authorization_code&code=c1&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcallback"
      "&code_verifier=v&resource=https%3A%2F%2FH%2Fx&client_id=c");
}

AuthorizationServerMetadata offering(std::optional<std::vector<std::string>> methods) {
  AuthorizationServerMetadata server;
  server.token_endpoint_auth_methods_supported = std::move(methods);
  return server;
}

TEST(Registration, a_native_client_asks_for_refresh_tokens) {
  const auto request = make_registration_request(
      "https://as/r",
      {.redirect_uris = {"http://127.0.0.1:9/callback", "http://localhost/callback"},
       .auth_method = ClientAuthMethod::none});
  EXPECT_NE(request.body.find(R"("application_type":"native")"), std::string::npos);
  EXPECT_NE(request.body.find(R"(["authorization_code","refresh_token"])"), std::string::npos);
  EXPECT_EQ(application_type({"https://gw.example/callback"}), "web");
}

TEST(Registration, the_method_is_negotiated_from_what_is_offered) {
  EXPECT_EQ(choose_auth_method(offering(std::vector<std::string>{"client_secret_post", "none"})),
            ClientAuthMethod::none);
  EXPECT_EQ(choose_auth_method(offering(std::nullopt)), ClientAuthMethod::client_secret_basic);
  EXPECT_EQ(choose_auth_method(offering(std::vector<std::string>{"client_secret_post"})),
            ClientAuthMethod::client_secret_post);
  EXPECT_EQ(choose_auth_method(offering(std::vector<std::string>{"private_key_jwt"})).error().code,
            Errc::unsupported);
}

TEST(Registration, a_secret_where_only_secrets_work_beats_a_claimed_none) {
  const auto figma =
      offering(std::vector<std::string>{"client_secret_basic", "client_secret_post"});
  EXPECT_EQ(settle_auth_method({.client_secret = Secret("s"), .auth_method = "none"}, figma),
            ClientAuthMethod::client_secret_basic);
  EXPECT_EQ(settle_auth_method({.client_secret = Secret("s"), .auth_method = "client_secret_post"},
                               offering(std::nullopt)),
            ClientAuthMethod::client_secret_post);
  EXPECT_EQ(settle_auth_method({.client_id = "c"}, figma), ClientAuthMethod::none);
}

TEST(Registration, the_answer_is_read_and_refusals_say_what_to_do) {
  const auto response = parse_registration_response(
      201, R"({"client_id":"c","client_secret":"s","client_secret_expires_at":0})");
  EXPECT_EQ(response->client_id, "c");
  EXPECT_EQ(response->secret_expires_at, std::nullopt);
  EXPECT_EQ(
      parse_registration_response(201, R"({"client_id":"c","client_secret_expires_at":1800000000})")
          ->secret_expires_at,
      1800000000);
  const auto refused = parse_registration_response(403, R"({"error":"access_denied"})");
  EXPECT_EQ(refused.error().code, Errc::rejected);
  EXPECT_NE(refused.error().hint, "");
  EXPECT_EQ(parse_registration_response(200, "{}").error().code, Errc::protocol);
  EXPECT_EQ(parse_registration_response(500, "").error().code, Errc::server_error);
}

}  // namespace
}  // namespace gatehouse::oauth
