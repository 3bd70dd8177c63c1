// Signing in at an identity provider: the Login machinery with OpenID Connect on top.
#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "fakes/oauth_fixture.hpp"
#include "oauth/jose.hpp"
#include "oauth_client/login.hpp"
#include "oauth_client/token_source.hpp"

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;

class ProviderLoginTest : public fakes::OAuthFixture {
 protected:
  static constexpr const char* kIdp = "https://idp.example";
  static constexpr const char* kIdpToken = "https://idp.example/token";

  ProviderLoginTest() {
    connection.url = kIdp;
    connection.role = vault::Role::identity_provider;
    connection.auth = vault::AuthKind::oauth;
    connection.oauth.client_id = "gatehouse";
    connection = *run(memory.connections().update(connection));
    http.on("GET https://idp.example/.well-known/openid-configuration", 200,
            R"({"issuer":"https://idp.example","token_endpoint":"https://idp.example/token",)"
            R"("authorization_endpoint":"https://idp.example/authorize",)"
            R"("jwks_uri":"https://idp.example/jwks",)"
            R"("scopes_supported":["openid","email","offline_access"]})");
    http.on("GET https://idp.example/jwks", 200, R"({"keys":[)" + keypair.public_jwk() + "]}");
  }
  ~ProviderLoginTest() override { run_to_end(context, tasks.shutdown()); }

  PendingLogin begin() {
    LoginRequest request;
    request.connection = connection;
    request.key = key;
    request.redirect_uri = kRedirect;
    auto pending = run(login.begin(std::move(request)));
    EXPECT_TRUE(pending.has_value()) << describe(pending.error());
    nonce = parameter(pending->authorization_url, "nonce");
    return *pending;
  }
  static std::string parameter(const std::string& url, const std::string& name) {
    const auto fields = form_decode(url.substr(url.find('?') + 1));
    for (const auto& [field, value] : *fields)
      if (field == name) return value;
    return "";
  }
  std::string id_token(const std::string& audience, const std::string& with_nonce,
                       std::chrono::seconds life = 1h) {
    const auto at = [&](std::chrono::seconds offset) {
      return std::to_string(
          std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch() + offset)
              .count());
    };
    return *oauth::sign_jws(keypair, {},
                            R"({"iss":"https://idp.example","sub":"u1","email":"ada@acme.example",)"
                            R"("aud":")" +
                                audience + R"(","nonce":")" + with_nonce + R"(","iat":)" + at(0s) +
                                R"(,"exp":)" + at(life) + "}");
  }
  void answer(const std::string& token, const std::string& access = "idp-at") {
    http.on(
        std::string("POST ") + kIdpToken, 200,
        R"({"access_token":")" + access +
            R"(","token_type":"Bearer","expires_in":3600,"refresh_token":"idp-rt","id_token":")" +
            token + "\"}");
  }
  Result<LoginOutcome> finish(const PendingLogin& pending) {
    return run(login.finish(key.organization, std::string(kRedirect) + "?code=c1&state=" +
                                                  parameter(pending.authorization_url, "state")));
  }

  oauth::JoseKey keypair = *oauth::JoseKey::generate();
  std::string nonce;
  TaskGroup tasks{context.get_executor(), logger};
  Login login{store, http, clock, logger, {}};
  TokenSource source{store, http, clock, tasks, logger, sleep()};
};

TEST_F(ProviderLoginTest, asks_for_an_id_token_with_a_nonce_and_keeps_it) {
  const PendingLogin pending = begin();
  EXPECT_FALSE(nonce.empty());
  EXPECT_EQ(parameter(pending.authorization_url, "scope"), "openid offline_access");
  EXPECT_EQ(parameter(pending.authorization_url, "resource"), "");
  const std::string token = id_token("gatehouse", nonce);
  answer(token);
  const auto outcome = finish(pending);
  ASSERT_TRUE(outcome.has_value()) << describe(outcome.error());
  EXPECT_EQ(outcome->subject, "ada@acme.example");
  EXPECT_EQ(stored().tokens.id_token.reveal(), token);
  EXPECT_EQ(stored().tokens.refresh_token.reveal(), "idp-rt");
  EXPECT_EQ(run(source.id_token(connection, key))->reveal(), token);
}

TEST_F(ProviderLoginTest, an_id_token_that_does_not_fit_ends_the_login) {
  const auto refused = [&](auto make) {
    const PendingLogin pending = begin();
    answer(make());
    const auto outcome = finish(pending);
    return outcome ? Errc::bug : outcome.error().code;
  };
  EXPECT_EQ(refused([&] { return id_token("gatehouse", "another"); }), Errc::policy);
  EXPECT_EQ(refused([&] { return id_token("somebody-else", nonce); }), Errc::policy);
  EXPECT_EQ(refused([&] { return id_token("gatehouse", nonce, -2h); }), Errc::policy);
  EXPECT_EQ(refused([&] { return std::string(); }), Errc::protocol);
  EXPECT_EQ(refused([&] {
              keypair = *oauth::JoseKey::generate();
              return id_token("gatehouse", nonce);
            }),
            Errc::policy);
  EXPECT_FALSE(run(memory.credentials().find(key))->has_value());
}

TEST_F(ProviderLoginTest, keys_that_cannot_be_had_end_it_too) {
  const PendingLogin pending = begin();
  answer(id_token("gatehouse", nonce));
  http.on("GET https://idp.example/jwks", 503, "");
  EXPECT_EQ(finish(pending).error().code, Errc::server_error);
}

TEST_F(ProviderLoginTest, a_refresh_brings_a_new_id_token_before_the_old_one_ends) {
  const PendingLogin pending = begin();
  answer(id_token("gatehouse", nonce, 600s));
  ASSERT_TRUE(finish(pending).has_value());
  advance(580s);
  const std::string newer = id_token("gatehouse", "");
  answer(newer, "idp-at-2");
  EXPECT_EQ(run(source.id_token(connection, key))->reveal(), newer);
  EXPECT_EQ(stored().tokens.access_token.reveal(), "idp-at-2");
}

TEST_F(ProviderLoginTest, a_refresh_without_one_keeps_the_old_and_asks_once_it_has_ended) {
  const PendingLogin pending = begin();
  answer(id_token("gatehouse", nonce, 600s));
  ASSERT_TRUE(finish(pending).has_value());
  const std::string held(stored().tokens.id_token.reveal());
  advance(700s);
  answer("");
  const auto token = run(source.id_token(connection, key));
  EXPECT_EQ(token.error().code, Errc::sign_in_required);
  EXPECT_NE(token.error().hint.find("gatehouse login demo"), std::string::npos);
  EXPECT_EQ(stored().tokens.id_token.reveal(), held);
}

TEST_F(ProviderLoginTest, who_gives_no_id_token_on_refresh_is_asked_once_per_pause_and_login) {
  const PendingLogin pending = begin();
  answer(id_token("gatehouse", nonce, 600s));
  ASSERT_TRUE(finish(pending).has_value());
  advance(700s);
  answer("");
  const auto asked = [&] {
    const int before = http.count("POST", "https://idp.example/token");
    EXPECT_EQ(run(source.id_token(connection, key)).error().code, Errc::sign_in_required);
    return http.count("POST", "https://idp.example/token") - before;
  };
  EXPECT_EQ(asked(), 1);
  EXPECT_EQ(asked(), 0);
  advance(limits::kMachinePause - 1s);
  EXPECT_EQ(asked(), 0);
  advance(2s);
  EXPECT_EQ(asked(), 1);
  // Another version is asked for at once.
  const vault::Credential row = stored();
  vault::TokenSet tokens = row.tokens;
  tokens.id_token = Secret();
  ASSERT_TRUE(run(memory.credentials().save_refreshed(key, row.version, row.epoch, tokens)));
  EXPECT_EQ(asked(), 1);
  EXPECT_EQ(asked(), 0);
}

TEST_F(ProviderLoginTest, metadata_without_keys_or_of_another_issuer_is_refused) {
  const auto problem = [&](const char* document) {
    http.on("GET https://idp.example/.well-known/openid-configuration", 200, document);
    const auto found = run(discover(discovery_request(connection), http));
    return found->problem ? found->problem->code : Errc::bug;
  };
  EXPECT_EQ(problem(R"({"issuer":"https://idp.example","token_endpoint":"https://idp.example/t",)"
                    R"("authorization_endpoint":"https://idp.example/a"})"),
            Errc::unsupported);
  EXPECT_EQ(problem(R"({"issuer":"https://evil.example","token_endpoint":"https://idp.example/t",)"
                    R"("jwks_uri":"https://idp.example/jwks"})"),
            Errc::policy);
}

}  // namespace
}  // namespace gatehouse::oauth_client
