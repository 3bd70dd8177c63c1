#include "oauth_client/login.hpp"

#include <gtest/gtest.h>

#include "fakes/oauth_fixture.hpp"
#include "oauth/pkce.hpp"

namespace gatehouse::oauth_client {
namespace {

class LoginTest : public fakes::OAuthFixture {
 protected:
  LoginTest() { script_provider(); }

  Result<PendingLogin> begin(LoginRequest request) {
    request.connection = connection;
    request.key = key;
    request.redirect_uri = kRedirect;
    request.challenges = std::vector<std::string>{"Bearer"};
    return run(login.begin(std::move(request)));
  }
  PendingLogin begin() { return *begin(LoginRequest{}); }
  static std::string parameter(const std::string& url, const std::string& name) {
    const auto fields = form_decode(url.substr(url.find('?') + 1));
    for (const auto& [field, value] : *fields)
      if (field == name) return value;
    return "";
  }
  static std::string state(const PendingLogin& pending) {
    return parameter(pending.authorization_url, "state");
  }
  static std::string callback(const PendingLogin& pending, const std::string& rest = "code=c1") {
    return std::string(kRedirect) + "?state=" + state(pending) + "&iss=https://as.example&" + rest;
  }
  Result<LoginOutcome> finish(const std::string& text, const std::string& browser = "") {
    return run(login.finish(key.organization, text, browser));
  }
  int token_requests() const { return http.count("POST", kTokenUrl); }

  Login login{store, http, clock, logger, {}};
};

TEST_F(LoginTest, a_login_from_begin_to_stored_tokens) {
  const PendingLogin pending = begin();
  EXPECT_EQ(parameter(pending.authorization_url, "resource"), kServer);
  EXPECT_EQ(parameter(pending.authorization_url, "scope"), "read write");
  EXPECT_EQ(parameter(pending.authorization_url, "client_id"), "client-1");
  const auto outcome = finish(callback(pending));
  ASSERT_TRUE(outcome.has_value()) << outcome.error().detail;
  EXPECT_EQ(outcome->issuer, kIssuer);
  EXPECT_TRUE(outcome->refreshable);
  const auto form = http.last_form(kTokenUrl);
  EXPECT_EQ(form.at("code"), "c1");
  EXPECT_EQ(form.at("resource"), kServer);
  EXPECT_EQ(form.at("redirect_uri"), kRedirect);
  EXPECT_EQ(oauth::s256_challenge(form.at("code_verifier")),
            parameter(pending.authorization_url, "code_challenge"));
  EXPECT_EQ(stored().tokens.access_token.reveal(), "at-1");
  EXPECT_EQ(stored().requested_scope, "read write");
  EXPECT_EQ(stored().epoch, 1);
}

TEST_F(LoginTest, what_does_not_match_leaves_the_login_pending) {
  const PendingLogin pending = begin();
  EXPECT_EQ(finish("/callback?code=c&state=wrong&iss=https://as.example").error().code,
            Errc::not_found);
  EXPECT_EQ(finish("/callback?error=access_denied&state=wrong").error().code, Errc::not_found);
  EXPECT_EQ(finish("/favicon.ico").error().code, Errc::parse);
  EXPECT_EQ(finish("").error().code, Errc::parse);
  EXPECT_EQ(token_requests(), 0);
  EXPECT_TRUE(finish(callback(pending)).has_value());
}

TEST_F(LoginTest, a_callback_works_once) {
  const PendingLogin pending = begin();
  EXPECT_TRUE(finish(callback(pending)).has_value());
  EXPECT_EQ(finish(callback(pending)).error().code, Errc::not_found);
  EXPECT_EQ(token_requests(), 1);
}

TEST_F(LoginTest, the_code_goes_nowhere_when_the_issuer_is_wrong_or_missing) {
  for (const std::string iss : {"", "&iss=https://evil.example", "&iss=https://as.example/"}) {
    const PendingLogin pending = begin();
    const auto outcome = finish("/callback?code=c&state=" + state(pending) + iss);
    EXPECT_EQ(outcome.error().code, Errc::policy) << iss;
  }
  EXPECT_EQ(token_requests(), 0);
}

TEST_F(LoginTest, an_error_is_shown_only_when_it_comes_from_the_right_issuer) {
  PendingLogin pending = begin();
  auto outcome =
      finish("/callback?error=evil_words&iss=https://evil.example&state=" + state(pending));
  EXPECT_EQ(outcome.error().detail.find("evil_words"), std::string::npos);
  pending = begin();
  outcome = finish(callback(pending, "error=access_denied&error_description=no"));
  EXPECT_EQ(outcome.error().code, Errc::rejected);
  EXPECT_NE(outcome.error().detail.find("access_denied"), std::string::npos);
}

TEST_F(LoginTest, another_browser_cannot_finish_and_leaves_it_pending) {
  const PendingLogin pending = *begin(LoginRequest{.browser_hash = "abc"});
  EXPECT_EQ(finish(callback(pending), "xyz").error().code, Errc::not_found);
  EXPECT_EQ(finish(callback(pending)).error().code, Errc::not_found);
  EXPECT_TRUE(finish(callback(pending), "abc").has_value());
}

TEST_F(LoginTest, a_second_login_retires_the_first) {
  const PendingLogin first = begin();
  EXPECT_TRUE(*run(login.is_pending(key.organization, first.state_hash)));
  const PendingLogin second = begin();
  EXPECT_FALSE(*run(login.is_pending(key.organization, first.state_hash)));
  EXPECT_EQ(finish(callback(first)).error().code, Errc::not_found);
  EXPECT_TRUE(finish(callback(second)).has_value());
}

TEST_F(LoginTest, a_login_older_than_ten_minutes_is_gone) {
  const PendingLogin pending = begin();
  advance(limits::kAuthorizationLife + std::chrono::seconds(1));
  EXPECT_EQ(finish(callback(pending)).error().code, Errc::not_found);
}

TEST_F(LoginTest, a_login_that_was_overtaken_is_revoked_and_not_stored) {
  const PendingLogin pending = begin();
  http.on(std::string("POST ") + kTokenUrl, [&](const http::Request&) -> Result<http::Reply> {
    boost::asio::io_context inner;
    vault::Credential other{.key = key};
    other.tokens.access_token = Secret("at-other");
    (void)run_to_end(inner, memory.credentials().save_login(other, 0));
    return http::Reply{.status = 200, .body = tokens("at-1", "rt-1")};
  });
  EXPECT_EQ(finish(callback(pending)).error().code, Errc::conflict);
  EXPECT_EQ(http.last_form(kRevokeUrl).at("token"), "rt-1");
  EXPECT_EQ(stored().tokens.access_token.reveal(), "at-other");
}

TEST_F(LoginTest, each_network_step_that_fails_leaves_a_state_from_which_a_login_succeeds) {
  for (const std::string step :
       {"GET https://mcp.example/.well-known/oauth-protected-resource/mcp",
        "GET https://as.example/.well-known/oauth-authorization-server",
        "POST https://as.example/register", "POST https://as.example/token"}) {
    for (const Errc code : {Errc::unavailable, Errc::outcome_unknown, Errc::timeout}) {
      script_provider();
      http.on_error(step, code);
      const auto pending = begin(LoginRequest{});
      if (pending) {
        EXPECT_FALSE(finish(callback(*pending)).has_value()) << step;
      }
      script_provider();
      EXPECT_TRUE(finish(callback(begin())).has_value()) << step;
      (void)run(memory.credentials().end_login(key));
      const auto current = run(memory.registrations().find_current(
          key.organization, kIssuer, vault::RegistrationKind::dynamic));
      (void)run(memory.registrations().erase(key.organization, (*current)->id));
    }
  }
}

TEST_F(LoginTest, a_store_that_fails_at_the_end_revokes_what_cannot_be_kept) {
  const PendingLogin pending = begin();
  store.failures = {{"save_login", 1}};
  EXPECT_EQ(finish(callback(pending)).error().code, Errc::storage);
  EXPECT_EQ(http.count("POST", kRevokeUrl), 1);
}

TEST_F(LoginTest, a_client_that_the_server_forgot_is_registered_anew_once) {
  const PendingLogin pending = begin();
  http.on(std::string("POST ") + kTokenUrl, 401, R"({"error":"invalid_client"})");
  http.on("POST https://as.example/register", 201, R"({"client_id":"client-2"})");
  const auto refused = finish(callback(pending));
  EXPECT_EQ(refused.error().code, Errc::sign_in_required);
  EXPECT_NE(refused.error().hint.find("gatehouse login demo"), std::string::npos);
  EXPECT_EQ(token_requests(), 2) << "one refusal may be a passing fault";
  EXPECT_EQ(http.count("POST", "https://as.example/register"), 2);
  EXPECT_EQ(begin().client_id, "client-2");
  EXPECT_EQ(http.count("POST", "https://as.example/register"), 2);
}

TEST_F(LoginTest, a_client_that_is_refused_in_passing_costs_nothing) {
  const PendingLogin pending = begin();
  int calls = 0;
  http.on(std::string("POST ") + kTokenUrl, [&](const http::Request&) -> Result<http::Reply> {
    if (++calls == 1) return http::Reply{.status = 401, .body = R"({"error":"invalid_client"})"};
    return http::Reply{.status = 200, .body = tokens("at-1", "rt-1")};
  });
  EXPECT_TRUE(finish(callback(pending)).has_value());
  EXPECT_EQ(http.count("POST", "https://as.example/register"), 1);
}

TEST_F(LoginTest, a_client_that_a_new_one_replaced_goes_with_the_login_that_used_it) {
  http.on("POST https://as.example/register", 201,
          R"({"client_id":"client-1","registration_client_uri":"https://as.example/register/1",)"
          R"("registration_access_token":"rat"})");
  http.on("DELETE https://as.example/register/1", 204, "");
  ASSERT_TRUE(finish(callback(begin())).has_value());
  auto one = **run(memory.registrations().find_current(local_organization(), kIssuer,
                                                       vault::RegistrationKind::dynamic));
  one.refused_at = clock.now();
  ASSERT_TRUE(run(memory.registrations().update(one)));
  http.on("POST https://as.example/register", 201, R"({"client_id":"client-2"})");
  const PendingLogin second = begin();
  EXPECT_EQ(http.count("DELETE", "https://as.example/register/1"), 0) << "a login still uses it";
  ASSERT_TRUE(finish(callback(second)).has_value());
  EXPECT_EQ(http.count("DELETE", "https://as.example/register/1"), 1);
}

TEST_F(LoginTest, a_refused_client_that_was_typed_in_is_to_be_corrected) {
  connection.oauth.client_id = "by-hand";
  ASSERT_TRUE(run(memory.connections().update(connection)).has_value());
  http.on(std::string("POST ") + kTokenUrl, 401, R"({"error":"invalid_client"})");
  const auto refused = finish(callback(begin()));
  EXPECT_NE(refused.error().hint.find("--client-id"), std::string::npos) << refused.error().hint;
}

TEST_F(LoginTest, a_step_up_asks_for_the_union) {
  ASSERT_TRUE(finish(callback(begin())).has_value());
  const auto pending = begin(LoginRequest{.step_up_scope = "admin"});
  EXPECT_EQ(pending->scope, "read write admin");
}

TEST_F(LoginTest, a_connection_whose_url_was_edited_meanwhile_gets_no_tokens) {
  const PendingLogin pending = begin();
  connection.url = "https://other.example/mcp";
  ASSERT_TRUE(run(memory.connections().update(connection)).has_value());
  EXPECT_EQ(finish(callback(pending)).error().code, Errc::conflict);
  EXPECT_EQ(token_requests(), 0);
}

TEST_F(LoginTest, cancelling_ends_the_pending_login) {
  const PendingLogin pending = begin();
  ASSERT_TRUE(run(login.cancel(key.organization, pending.id)).has_value());
  EXPECT_EQ(finish(callback(pending)).error().code, Errc::not_found);
}

TEST_F(LoginTest, logout_forgets_and_revokes_and_reports_both) {
  ASSERT_TRUE(finish(callback(begin())).has_value());
  http.on(std::string("POST ") + kRevokeUrl, 503, "");
  const auto report = run(login.logout(connection, key));
  EXPECT_EQ(report->outcome, Revoked::failed);
  EXPECT_TRUE(stored().tokens.access_token.empty());
  EXPECT_EQ(run(login.logout(connection, key))->outcome, Revoked::nothing);
  EXPECT_TRUE(finish(callback(begin())).has_value()) << "a login after the logout";
}

TEST_F(LoginTest, guessed_endpoints_that_refuse_registration_point_to_an_api_key) {
  http.on("GET https://mcp.example/.well-known/oauth-protected-resource/mcp", 404, "");
  const auto pending = begin(LoginRequest{});
  EXPECT_EQ(pending.error().code, Errc::unsupported);
  EXPECT_NE(pending.error().hint.find("API key"), std::string::npos);
}

TEST_F(LoginTest, a_server_that_moved_gets_a_registration_of_its_own) {
  ASSERT_TRUE(finish(callback(begin())).has_value());
  http.on(
      "GET https://mcp.example/.well-known/oauth-protected-resource/mcp", 200,
      R"({"resource":"https://mcp.example/mcp","authorization_servers":["https://two.example"]})");
  http.on(
      "GET https://two.example/.well-known/oauth-authorization-server", 200,
      R"({"issuer":"https://two.example","authorization_endpoint":"https://two.example/authorize",)"
      R"("token_endpoint":"https://two.example/token","registration_endpoint":"https://two.example/register",)"
      R"("code_challenge_methods_supported":["S256"]})");
  http.on("POST https://two.example/register", 201, R"({"client_id":"two","client_secret":"s"})");
  const PendingLogin pending = *begin(LoginRequest{.issuer = "https://two.example"});
  EXPECT_EQ(pending.client_id, "two");
  EXPECT_EQ(pending.issuer, "https://two.example");
}

}  // namespace
}  // namespace gatehouse::oauth_client
