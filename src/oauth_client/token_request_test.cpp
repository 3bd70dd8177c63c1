#include "oauth_client/token_request.hpp"

#include <gtest/gtest.h>

#include "fakes/oauth_fixture.hpp"
#include "oauth_client/login.hpp"
#include "oauth_client/token_source.hpp"

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kUseNonce = R"({"error":"use_dpop_nonce"})";
constexpr std::string_view kBound =
    R"({"access_token":"at-1","token_type":"DPoP","refresh_token":"rt-1","expires_in":3600})";

class TokenRequestTest : public fakes::OAuthFixture {
 protected:
  TokenRequestTest() { script_provider(); }

  TokenRequest order() const {
    return {.request = oauth::make_form_request(kTokenUrl, {{"a", "b"}}, client),
            .client = client,
            .key = proof_key,
            .allowances = {}};
  }
  Result<http::Reply> send(TokenRequest request) {
    return run(send_token_request(std::move(request), http, clock, nonces));
  }
  /// 400 use_dpop_nonce to every proof without that nonce.
  void demand_nonce(const std::string& nonce, const std::string& url = kTokenUrl) {
    http.on("POST " + url, [=](const http::Request& request) -> Result<http::Reply> {
      const bool has = payload(request).find("\"nonce\":\"" + nonce + "\"") != std::string::npos;
      return http::Reply{.status = has ? 200 : 400,
                         .headers = {{"DPoP-Nonce", nonce}},
                         .body = std::string(has ? kBound : kUseNonce)};
    });
  }
  static std::string payload(const http::Request& request) {
    const auto proof = oauth::parse_jws(request.headers.find("DPoP").value_or(""));
    return proof ? proof->payload : "";
  }
  static std::string jti(const http::Request& request) {
    const std::string text = payload(request);
    const std::size_t at = text.find("\"jti\":\"");
    return at == std::string::npos ? "" : text.substr(at + 7, 22);
  }

  oauth::JoseKey proof_key = oauth::JoseKey::generate().value();
  oauth::ClientAuthentication client{.client_id = "client-1"};
  oauth::DpopNonces nonces;
};

TEST_F(TokenRequestTest, a_server_that_reads_only_json_gets_json_with_a_proof_of_its_own) {
  http.on(std::string("POST ") + kTokenUrl, [](const http::Request& request) {
    const bool json = request.headers.find("Content-Type") == "application/json";
    return Result<http::Reply>(
        http::Reply{.status = json ? 200 : 400,
                    .body = json ? std::string(kBound) : "Unexpected token a in JSON"});
  });
  EXPECT_EQ(send(order())->status, 200);
  ASSERT_EQ(http.sent.size(), 2U);
  EXPECT_EQ(http.sent[1].body, R"({"a":"b","client_id":"client-1"})");
  EXPECT_NE(jti(http.sent[0]), jti(http.sent[1]));
}

TEST_F(TokenRequestTest, a_refused_resource_is_left_out_of_one_more_refresh_and_no_further_one) {
  http.on(std::string("POST ") + kTokenUrl, 400, R"({"error":"invalid_target"})");
  TokenRequest refresh = order();
  refresh.request = oauth::make_refresh_request(kTokenUrl, Secret("r"), kServer, client);
  EXPECT_EQ(send(std::move(refresh))->status, 400);
  ASSERT_EQ(http.sent.size(), 2U);
  EXPECT_NE(http.sent[0].body.find("resource="), std::string::npos);
  EXPECT_EQ(http.sent[1].body, "grant_type=refresh_token&refresh_token=r&client_id=client-1");
}

TEST_F(TokenRequestTest, nothing_is_repeated_after_an_outage_or_a_word_on_the_grant) {
  for (const auto& [status, body] :
       {std::pair{503, R"({"error":"invalid_target"})"}, std::pair{429, "json"},
        std::pair{400, R"({"error":"invalid_grant","error_description":"json resource"})"}}) {
    http.sent.clear();
    http.on(std::string("POST ") + kTokenUrl, status, body);
    TokenRequest refresh = order();
    refresh.request = oauth::make_refresh_request(kTokenUrl, Secret("r"), kServer, client);
    EXPECT_EQ(send(std::move(refresh))->status, status);
    EXPECT_EQ(http.sent.size(), 1U) << body;
  }
}

TEST_F(TokenRequestTest, a_wish_for_a_nonce_is_met_once_with_a_new_proof_and_remembered) {
  demand_nonce("n1");
  EXPECT_EQ(send(order())->status, 200);
  ASSERT_EQ(http.sent.size(), 2U);
  EXPECT_NE(jti(http.sent[0]), jti(http.sent[1]));
  EXPECT_EQ(http.sent[0].body, http.sent[1].body);
  EXPECT_EQ(send(order())->status, 200);
  EXPECT_EQ(http.sent.size(), 3U) << "the nonce is known now";
}

TEST_F(TokenRequestTest, a_server_that_is_never_content_is_asked_twice_and_not_more) {
  int count = 0;
  http.on(std::string("POST ") + kTokenUrl, [&](const http::Request&) -> Result<http::Reply> {
    return http::Reply{.status = 400,
                       .headers = {{"DPoP-Nonce", "n" + std::to_string(++count)}},
                       .body = std::string(kUseNonce)};
  });
  EXPECT_EQ(send(order())->status, 400);
  EXPECT_EQ(count, 2);
}

TEST_F(TokenRequestTest, without_a_nonce_or_for_another_reason_nothing_is_repeated) {
  http.on(std::string("POST ") + kTokenUrl, 400, std::string(kUseNonce));
  EXPECT_EQ(send(order())->status, 400);
  http.on(std::string("POST ") + kTokenUrl, 400, R"({"error":"invalid_grant"})",
          {{"DPoP-Nonce", "n1"}});
  EXPECT_EQ(send(order())->status, 400);
  EXPECT_EQ(http.sent.size(), 2U);
  EXPECT_EQ(nonces.find(kTokenUrl), "n1") << "but the nonce is used next time";
}

TEST_F(TokenRequestTest, a_request_without_a_key_has_no_proof) {
  TokenRequest plain = order();
  plain.key.reset();
  demand_nonce("n1");
  EXPECT_EQ(send(std::move(plain))->status, 400);
  ASSERT_EQ(http.sent.size(), 1U);
  EXPECT_FALSE(http.sent[0].headers.contains("DPoP"));
}

TEST_F(TokenRequestTest, no_time_is_left_for_a_second_try_after_a_slow_refusal) {
  http.on(std::string("POST ") + kTokenUrl, [&](const http::Request&) -> Result<http::Reply> {
    clock.advance(31s);
    return http::Reply{
        .status = 400, .headers = {{"DPoP-Nonce", "n1"}}, .body = std::string(kUseNonce)};
  });
  EXPECT_EQ(send(order())->status, 400);
  EXPECT_EQ(http.sent.size(), 1U);
}

TEST_F(TokenRequestTest, each_try_has_an_assertion_of_its_own) {
  client.method = oauth::ClientAuthMethod::private_key_jwt;
  client.key = proof_key;
  client.audience = kIssuer;
  demand_nonce("n1");
  EXPECT_EQ(send(order())->status, 200);
  ASSERT_EQ(http.sent.size(), 2U);
  EXPECT_NE(http.sent[0].body, http.sent[1].body);
  EXPECT_FALSE(http.last_form(kTokenUrl)["client_assertion"].empty());
}

TEST_F(TokenRequestTest, proof_is_wanted_where_somebody_demands_it_and_the_server_can) {
  using vault::Dpop;
  const auto wants = [](Dpop setting, std::vector<std::string> offered, bool required,
                        bool challenged) {
    Discovery found;
    found.server = oauth::AuthorizationServerMetadata{};
    found.server->dpop_signing_alg_values_supported = std::move(offered);
    found.resource_metadata = oauth::ProtectedResourceMetadata{};
    found.resource_metadata->dpop_bound_access_tokens_required = required;
    found.challenged_for_dpop = challenged;
    return wants_proof(setting, found);
  };
  EXPECT_FALSE(*wants(Dpop::automatic, {"ES256"}, false, false));
  EXPECT_TRUE(*wants(Dpop::automatic, {"RS256", "ES256"}, true, false));
  EXPECT_TRUE(*wants(Dpop::automatic, {"ES256"}, false, true));
  EXPECT_TRUE(*wants(Dpop::automatic, {}, false, true));
  EXPECT_FALSE(*wants(Dpop::automatic, {}, true, false));
  EXPECT_FALSE(*wants(Dpop::automatic, {"RS256"}, true, true));
  EXPECT_TRUE(*wants(Dpop::required, {}, false, false));
  EXPECT_EQ(wants(Dpop::required, {"RS256"}, true, true).error().code, Errc::unsupported);
  EXPECT_FALSE(*wants(Dpop::never, {"ES256"}, true, true));
}

class BoundLogin : public TokenRequestTest {
 protected:
  ~BoundLogin() override { run_to_end(context, tasks.shutdown()); }

  Result<LoginOutcome> log_in() {
    LoginRequest request{.connection = connection, .key = key, .redirect_uri = kRedirect};
    request.challenges = std::vector<std::string>{"DPoP algs=\"ES256\""};
    const auto pending = run(login.begin(std::move(request)));
    if (!pending) return std::unexpected(pending.error());
    const auto fields = form_decode(pending->authorization_url).value();
    for (const auto& [name, value] : fields)
      if (name == "state")
        return run(login.finish(key.organization, std::string(kRedirect) + "?code=c&state=" +
                                                      value + "&iss=https://as.example"));
    return fail(Errc::bug, "no state");
  }

  TaskGroup tasks{context.get_executor(), logger};
  TokenSource source{store, http, clock, tasks, logger, sleep()};
  Login login{store, http, clock, logger, {}};
};

TEST_F(BoundLogin, keeps_the_key_and_proves_with_it_at_each_use_and_refresh) {
  demand_nonce("n1");
  const auto outcome = log_in();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().detail;
  EXPECT_EQ(stored().tokens.token_type, "DPoP");
  const auto held = oauth::JoseKey::from_pem(stored().dpop_key);
  ASSERT_TRUE(held.has_value());
  const AccessTokenPtr token = run(source.access_token(connection, key)).value();
  ASSERT_TRUE(token->key.has_value());
  const auto proof = oauth::parse_jws(*source.make_proof(*token, "POST", kServer));
  EXPECT_TRUE(oauth::verify_jws(*proof, *held));
  EXPECT_NE(proof->payload.find("\"ath\""), std::string::npos);
  EXPECT_TRUE(source.on_proved(
      kServer, 401, {{"WWW-Authenticate", "DPoP error=\"use_dpop_nonce\""}, {"DPoP-Nonce", "rs"}}));
  EXPECT_NE(oauth::parse_jws(*source.make_proof(*token, "POST", kServer))->payload.find("\"rs\""),
            std::string::npos);
  EXPECT_FALSE(source.on_proved(kServer, 200, {}));
  EXPECT_FALSE(source.on_proved(
      kServer, 401, {{"WWW-Authenticate", "DPoP error=\"invalid_token\""}, {"DPoP-Nonce", "rs2"}}));
  const auto renewed = run(source.on_unauthorized(connection, key, token));
  ASSERT_TRUE(renewed.has_value()) << renewed.error().detail;
  const auto sent = oauth::parse_jws(http.sent.back().headers.find("DPoP").value_or(""));
  ASSERT_TRUE(sent.has_value());
  EXPECT_TRUE(oauth::verify_jws(*sent, *held)) << "the same key";
  EXPECT_TRUE(stored().dpop_key.same_as(held->to_pem()));
}

TEST_F(BoundLogin, takes_an_ordinary_token_unless_the_connection_requires_more) {
  http.on(std::string("POST ") + kTokenUrl, 200, tokens("at-1", "rt-1"));
  ASSERT_TRUE(log_in().has_value());
  EXPECT_EQ(stored().tokens.token_type, "Bearer");
  EXPECT_FALSE(run(source.access_token(connection, key)).value()->key.has_value());
  connection.oauth.dpop = vault::Dpop::required;
  source.on_change(
      {.table = "connections", .organization = key.organization, .id = connection.id.value});
  EXPECT_EQ(run(source.access_token(connection, key)).error().code, Errc::sign_in_required);
}

}  // namespace
}  // namespace gatehouse::oauth_client
