#include <gmock/gmock.h>

#include "fakes/authorization_server_fixture.hpp"

namespace gatehouse::oauth_server {
namespace {

class TokenEndpointTest : public AuthorizationServerFixture {};

TEST_F(TokenEndpointTest, a_code_becomes_tokens_for_its_resource) {
  const std::string client = register_client();
  const auto response = exchange_code(client, sign_in(client, "notes:read notes:write"));
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.headers.find("Cache-Control"), "no-store");
  EXPECT_EQ(response.headers.find("Content-Type"), "application/json");
  EXPECT_EQ(member(response, "token_type"), "Bearer");
  EXPECT_EQ(member(response, "scope"), "notes:read notes:write");
  const std::string token = member(response, "access_token");
  EXPECT_TRUE(good(token));
  EXPECT_FALSE(good(token, "http://127.0.0.1:8485/issues/mcp"));
  EXPECT_FALSE(good(member(response, "refresh_token")));
  clock_.advance(std::chrono::hours(1));
  EXPECT_FALSE(good(token));
}

TEST_F(TokenEndpointTest, a_code_is_bound_to_client_redirect_verifier_resource_and_time) {
  const std::string client = register_client();
  const std::string other = register_client();
  const auto error = [&](FormFields changes) {
    return member(exchange_code(client, sign_in(client), std::move(changes)), "error");
  };
  EXPECT_EQ(error({{"client_id", other}}), "invalid_grant");
  EXPECT_EQ(error({{"redirect_uri", "http://127.0.0.1:1/callback"}}), "invalid_grant");
  EXPECT_EQ(error({{"code_verifier", std::string(43, 'a')}}), "invalid_grant");
  EXPECT_EQ(error({{"resource", "http://127.0.0.1:8485/issues/mcp"}}), "invalid_target");
  EXPECT_EQ(error({{"grant_type", "password"}}), "unsupported_grant_type");
  EXPECT_EQ(error({{"code", "nonsense"}}), "invalid_grant");
  const std::string code = sign_in(client);
  clock_.advance(std::chrono::seconds(61));
  EXPECT_EQ(member(exchange_code(client, code), "error"), "invalid_grant");
}

TEST_F(TokenEndpointTest, a_code_used_twice_takes_back_what_it_gave) {
  const std::string client = register_client();
  const std::string code = sign_in(client);
  const std::string token = member(exchange_code(client, code), "access_token");
  EXPECT_TRUE(good(token));
  EXPECT_EQ(member(exchange_code(client, code), "error"), "invalid_grant");
  EXPECT_FALSE(good(token));
  EXPECT_EQ(server_.counters().code_replays, 1u);
}

TEST_F(TokenEndpointTest, refresh_tokens_rotate) {
  const std::string client = register_client();
  const auto first = exchange_code(client, sign_in(client));
  const auto second = refresh(client, member(first, "refresh_token"));
  EXPECT_EQ(second.status, 200) << second.body;
  EXPECT_TRUE(good(member(second, "access_token")));
  EXPECT_NE(member(second, "refresh_token"), member(first, "refresh_token"));
  EXPECT_EQ(refresh(client, member(second, "refresh_token")).status, 200);
  EXPECT_EQ(server_.counters().refresh_tokens_consumed, 2u);
}

TEST_F(TokenEndpointTest, reusing_a_refresh_token_revokes_the_family) {
  const std::string client = register_client();
  const auto first = exchange_code(client, sign_in(client));
  const auto second = refresh(client, member(first, "refresh_token"));
  EXPECT_EQ(member(refresh(client, member(first, "refresh_token")), "error"), "invalid_grant");
  EXPECT_EQ(server_.counters().refresh_reuse_detected, 1u);
  EXPECT_FALSE(good(member(second, "access_token")));
  EXPECT_EQ(member(refresh(client, member(second, "refresh_token")), "error"), "invalid_grant");
}

TEST_F(TokenEndpointTest, a_refresh_keeps_client_resource_and_scope) {
  const std::string client = register_client();
  const std::string other = register_client();
  const auto first = exchange_code(client, sign_in(client, "notes:read notes:write"));
  const std::string token = member(first, "refresh_token");
  EXPECT_EQ(member(refresh(other, token), "error"), "invalid_grant");
  EXPECT_EQ(member(refresh(client, token, {{"resource", "https://x.example/"}}), "error"),
            "invalid_target");
  EXPECT_EQ(member(refresh(client, token, {{"scope", "notes:admin"}}), "error"), "invalid_scope");
  const auto narrower = refresh(client, token, {{"scope", "notes:read"}});
  EXPECT_EQ(member(narrower, "scope"), "notes:read");
  clock_.advance(std::chrono::hours(24 * 31));
  EXPECT_EQ(member(refresh(client, member(narrower, "refresh_token")), "error"), "invalid_grant");
}

TEST_F(TokenEndpointTest, confidential_clients_authenticate_as_they_registered) {
  const auto registered = send(
      {"POST",
       "/register",
       {},
       R"({"redirect_uris":["http://127.0.0.1:7777/callback"],"grant_types":["authorization_code"]})"});
  const std::string client = member(registered, "client_id");
  const std::string secret = member(registered, "client_secret");
  const auto attempt = [&](std::string_view given, const FormFields& more = {}) {
    FormFields fields{{"grant_type", "authorization_code"},
                      {"code", sign_in(client)},
                      {"redirect_uri", std::string(kRedirect)},
                      {"code_verifier", std::string(kVerifier)}};
    fields.insert(fields.end(), more.begin(), more.end());
    http::Headers headers;
    if (!given.empty()) {
      headers.add("Authorization", "Basic " + base64_encode(client + ":" + std::string(given)));
    }
    return post_form("/token", fields, headers);
  };
  const auto wrong = attempt("wrong");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(member(wrong, "error"), "invalid_client");
  EXPECT_TRUE(wrong.headers.contains("WWW-Authenticate"));
  EXPECT_EQ(attempt("", {{"client_id", client}}).status, 401);
  EXPECT_EQ(attempt("", {{"client_id", client}, {"client_secret", secret}}).status, 401);
  const auto right = attempt(secret);
  EXPECT_EQ(right.status, 200) << right.body;
  EXPECT_EQ(member(right, "refresh_token"), "");
}

TEST_F(TokenEndpointTest, revoking_a_refresh_token_revokes_all_and_an_access_token_itself) {
  const std::string client = register_client();
  const auto first = exchange_code(client, sign_in(client));
  const auto revoke = [&](std::string_view token, std::string_view by) {
    return post_form("/revoke", {{"token", std::string(token)}, {"client_id", std::string(by)}});
  };
  EXPECT_EQ(revoke(member(first, "refresh_token"), register_client()).status, 200);
  EXPECT_TRUE(good(member(first, "access_token")));
  const auto second = refresh(client, member(first, "refresh_token"));
  EXPECT_EQ(revoke(member(first, "access_token"), client).status, 200);
  EXPECT_FALSE(good(member(first, "access_token")));
  EXPECT_TRUE(good(member(second, "access_token")));
  EXPECT_EQ(revoke(member(second, "refresh_token"), client).status, 200);
  EXPECT_FALSE(good(member(second, "access_token")));
  EXPECT_EQ(revoke("nonsense", client).status, 200);
}

TEST_F(TokenEndpointTest, malformed_requests_are_refused) {
  EXPECT_EQ(send({"POST", "/token", {{"Content-Type", "application/json"}}, "{}"}).status, 400);
  EXPECT_EQ(member(post_form("/token", {}), "error"), "invalid_request");
  EXPECT_EQ(member(post_form("/token", {{"grant_type", "a"}, {"grant_type", "b"}}), "error"),
            "invalid_request");
  EXPECT_EQ(get("/token").status, 405);
  EXPECT_EQ(get("/elsewhere").status, 404);
}

}  // namespace
}  // namespace gatehouse::oauth_server
