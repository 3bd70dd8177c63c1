#include "oauth_client/token_source.hpp"

#include <gtest/gtest.h>

#include "fakes/oauth_fixture.hpp"

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;

class TokenSourceTest : public fakes::OAuthFixture {
 protected:
  TokenSourceTest() { script_provider(); }
  ~TokenSourceTest() override { run_to_end(context, tasks.shutdown()); }

  Result<AccessTokenPtr> get() { return run(source.access_token(connection, key)); }
  /// Runs what was started beside.
  void settle() { run_to_end(context, tasks.drain()); }
  int refreshes() const { return http.count("POST", kTokenUrl); }
  void tell(const std::string& table) {
    source.on_change({.table = table, .organization = key.organization, .id = connection.id.value});
  }

  TaskGroup tasks{context.get_executor(), logger};
  TokenSource source{store, http, clock, tasks, logger, sleep()};
};

TEST_F(TokenSourceTest, a_good_token_comes_from_the_cache_without_the_store) {
  sign_in(1h);
  EXPECT_EQ(source.find_cached(key), nullptr);
  EXPECT_EQ((*get())->value.reveal(), "at-0");
  store.failures = {{"find", 100}};
  EXPECT_EQ((*get())->value.reveal(), "at-0");
  EXPECT_NE(source.find_cached(key), nullptr);
}

TEST_F(TokenSourceTest, without_a_login_a_person_must_sign_in) {
  const auto token = get();
  EXPECT_EQ(token.error().code, Errc::sign_in_required);
  EXPECT_NE(token.error().hint.find("gatehouse login demo"), std::string::npos);
}

TEST_F(TokenSourceTest, that_nobody_is_signed_in_is_remembered_until_a_login_is_heard_of) {
  EXPECT_FALSE(source.is_known_absent(key));
  ASSERT_FALSE(get().has_value());
  EXPECT_TRUE(source.is_known_absent(key));
  sign_in(1h);
  tell("credentials");
  EXPECT_FALSE(source.is_known_absent(key));
  ASSERT_TRUE(get().has_value());
  EXPECT_FALSE(source.is_known_absent(key));
}

TEST_F(TokenSourceTest, a_401_or_a_silent_feed_ends_the_memory_that_nobody_is_signed_in) {
  ASSERT_FALSE(get().has_value());
  source.drop_cache();
  EXPECT_FALSE(source.is_known_absent(key));
  ASSERT_FALSE(get().has_value());
  sign_in(1h);
  EXPECT_TRUE(run(source.on_unauthorized(connection, key, nullptr)).has_value());
  EXPECT_FALSE(source.is_known_absent(key));
}

TEST_F(TokenSourceTest, a_token_of_unknown_expiry_is_used_until_it_is_refused) {
  sign_in(std::nullopt);
  ASSERT_TRUE(get().has_value());
  advance(1000h);
  EXPECT_EQ((*get())->value.reveal(), "at-0");
  EXPECT_EQ(refreshes(), 0);
}

TEST_F(TokenSourceTest, close_to_expiry_the_token_is_used_while_a_refresh_runs_beside) {
  sign_in(1h);
  ASSERT_TRUE(get().has_value());
  advance(3600s - 50s);
  EXPECT_EQ((*get())->value.reveal(), "at-0");
  settle();
  EXPECT_EQ(refreshes(), 1);
  EXPECT_EQ(source.find_cached(key)->value.reveal(), "at-1");
}

TEST_F(TokenSourceTest, a_refresh_beside_that_fails_is_not_repeated_with_every_call) {
  sign_in(1h);
  http.on(std::string("POST ") + kTokenUrl, 503, "");
  advance(3600s - 50s);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(get().has_value());
    settle();
  }
  EXPECT_EQ(refreshes(), 1);
  advance(6s);
  EXPECT_TRUE(get().has_value());
  settle();
  EXPECT_EQ(refreshes(), 2);
}

TEST_F(TokenSourceTest, an_expired_token_is_refreshed_before_the_call) {
  sign_in(10s);
  advance(11s);
  EXPECT_EQ((*get())->value.reveal(), "at-1");
  EXPECT_EQ(refreshes(), 1);
}

Task<> ask(TokenSource& source, const vault::Connection& connection, vault::CredentialKey key,
           std::vector<std::string>& got) {
  const auto token = co_await source.access_token(connection, std::move(key));
  got.emplace_back(token ? (*token)->value.reveal() : "error");
}

TEST_F(TokenSourceTest, many_callers_share_one_refresh) {
  sign_in(10s);
  advance(11s);
  std::vector<std::string> got;
  for (int i = 0; i < 20; ++i) tasks.spawn("ask", ask(source, connection, key, got));
  settle();
  EXPECT_EQ(got, std::vector<std::string>(20, "at-1"));
  EXPECT_EQ(refreshes(), 1);
}

TEST_F(TokenSourceTest, a_refused_token_is_refreshed_once) {
  sign_in(1h);
  const auto refused = *get();
  const auto fresh = run(source.on_unauthorized(connection, key, refused));
  EXPECT_EQ((*fresh)->value.reveal(), "at-1");
  EXPECT_EQ(source.find_cached(key)->value.reveal(), "at-1");
  EXPECT_EQ(refreshes(), 1);
}

TEST_F(TokenSourceTest, a_refused_token_that_was_replaced_already_costs_no_refresh) {
  sign_in(1h);
  const auto refused = *get();
  const auto first = run(source.on_unauthorized(connection, key, refused));
  const auto second = run(source.on_unauthorized(connection, key, refused));
  EXPECT_EQ((*second)->version, (*first)->version);
  EXPECT_EQ(refreshes(), 1);
}

TEST_F(TokenSourceTest, a_refused_token_whose_refresh_is_refused_needs_a_person) {
  sign_in(1h);
  http.on(std::string("POST ") + kTokenUrl, 400, R"({"error":"invalid_grant"})");
  const auto refused = *get();
  const auto fresh = run(source.on_unauthorized(connection, key, refused));
  EXPECT_EQ(fresh.error().code, Errc::sign_in_required);
}

TEST_F(TokenSourceTest, a_login_made_elsewhere_is_picked_up_when_the_feed_tells) {
  sign_in(1h);
  ASSERT_TRUE(get().has_value());
  vault::Credential other = stored();
  other.tokens.access_token = Secret("at-cli");
  ASSERT_TRUE(run(memory.credentials().save_login(other, other.epoch)).has_value());
  EXPECT_EQ((*get())->value.reveal(), "at-0");
  tell("credentials");
  EXPECT_EQ((*get())->value.reveal(), "at-cli");
  (void)run(memory.credentials().end_login(key));
  source.drop_cache();
  EXPECT_EQ(get().error().code, Errc::sign_in_required);
}

TEST_F(TokenSourceTest, a_login_for_another_url_or_issuer_is_not_used) {
  sign_in(1h);
  ASSERT_TRUE(get().has_value());
  connection.url = "https://other.example/mcp";
  EXPECT_EQ(get().error().code, Errc::sign_in_required);
  connection.url = kServer;
  connection.oauth.issuer = "https://two.example";
  tell("connections");
  EXPECT_EQ(get().error().code, Errc::sign_in_required);
}

TEST_F(TokenSourceTest, a_store_that_fails_is_transient) {
  sign_in(1h);
  store.failures = {{"find", 1}};
  EXPECT_EQ(classify(get().error()), Disposition::retry);
  EXPECT_TRUE(get().has_value());
}

TEST_F(TokenSourceTest, insufficient_scope_names_the_union_to_ask_for) {
  sign_in(1h);
  const auto step_up = TokenSource::on_insufficient_scope(
      connection, **get(), {R"(Bearer error="insufficient_scope", scope="read write")"});
  EXPECT_EQ(step_up.error.code, Errc::insufficient_scope);
  EXPECT_EQ(step_up.scope, "read write");
  EXPECT_TRUE(step_up.error.hint.ends_with(" --scope read --scope write`")) << step_up.error.hint;
}

TEST_F(TokenSourceTest, a_scope_that_a_shell_would_act_on_stands_in_no_command) {
  sign_in(1h);
  const auto step_up = TokenSource::on_insufficient_scope(
      connection, **get(), {R"(Bearer error="insufficient_scope", scope="read $(reboot) `x`")"});
  const std::string& hint = step_up.error.hint;
  EXPECT_EQ(hint.find('$'), hint.rfind('$')) << hint;
  EXPECT_LT(hint.find("--scope read`, with --scope also for \""), hint.find('$')) << hint;
}

}  // namespace
}  // namespace gatehouse::oauth_client
