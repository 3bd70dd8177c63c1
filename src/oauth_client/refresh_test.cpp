#include "oauth_client/refresh.hpp"

#include <gtest/gtest.h>

#include "async/condition.hpp"
#include "fakes/oauth_fixture.hpp"

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;

class RefresherTest : public fakes::OAuthFixture {
 protected:
  RefresherTest() { http.on(token_request, 200, tokens("at-1", "rt-1")); }

  Result<vault::Credential> refresh(RefreshReason reason = RefreshReason::ahead) {
    const vault::Credential row = stored();
    return refresh_from(row, reason);
  }
  Result<vault::Credential> refresh_from(const vault::Credential& row, RefreshReason reason) {
    Refresher refresher(store, http, clock, logger, sleep());
    RefreshOrder order{.key = key,
                       .goal = {row.version, row.epoch, reason, "run `gatehouse login demo`"}};
    return run(refresher.refresh(std::move(order)));
  }
  int sent() const { return http.count("POST", kTokenUrl); }

  const std::string token_request = std::string("POST ") + kTokenUrl;
};

TEST_F(RefresherTest, the_new_pair_is_stored_before_it_is_used) {
  sign_in(10s);
  const auto fresh = refresh();
  ASSERT_TRUE(fresh.has_value());
  EXPECT_EQ(fresh->tokens.access_token.reveal(), "at-1");
  EXPECT_EQ(stored().tokens.refresh_token.reveal(), "rt-1");
  EXPECT_EQ(stored().version, 2);
  EXPECT_EQ(stored().attempts, 0);
  EXPECT_EQ(stored().tokens.expires_at, clock.now() + 3600s);
}

TEST_F(RefresherTest, the_request_names_the_resource_and_no_scope_and_follows_no_redirect) {
  sign_in(10s);
  ASSERT_TRUE(refresh().has_value());
  const auto form = http.last_form(kTokenUrl);
  EXPECT_EQ(form.at("grant_type"), "refresh_token");
  EXPECT_EQ(form.at("refresh_token"), "rt-0");
  EXPECT_EQ(form.at("resource"), kServer);
  EXPECT_EQ(form.at("client_id"), "client-0");
  EXPECT_FALSE(form.contains("scope"));
  EXPECT_EQ(http.redirects.back(), http::Redirects::none);
}

TEST_F(RefresherTest, the_attempt_is_durable_before_anything_is_sent) {
  sign_in(10s);
  int attempts_when_sent = -1;
  http.on(token_request, [&](const http::Request&) -> Result<http::Reply> {
    boost::asio::io_context inner;
    attempts_when_sent = (*run_to_end(inner, memory.credentials().find(key)))->attempts;
    return http::Reply{.status = 200, .body = tokens("at-1", "rt-1")};
  });
  ASSERT_TRUE(refresh().has_value());
  EXPECT_EQ(attempts_when_sent, 1);
}

TEST_F(RefresherTest, what_the_answer_leaves_out_stays_as_it_was) {
  sign_in(10s);
  http.on(token_request, 200, R"({"access_token":"at-1"})");
  const auto fresh = refresh();
  EXPECT_EQ(fresh->tokens.refresh_token.reveal(), "rt-0");
  EXPECT_EQ(fresh->tokens.expires_at, std::nullopt);
}

TEST_F(RefresherTest, invalid_grant_asks_the_person_to_sign_in_and_keeps_the_row) {
  sign_in(10s);
  advance(20s);
  http.on(token_request, 400, R"({"error":"invalid_grant"})");
  const auto fresh = refresh();
  EXPECT_EQ(fresh.error().code, Errc::sign_in_required);
  EXPECT_NE(fresh.error().hint.find("gatehouse login demo"), std::string::npos);
  EXPECT_TRUE(stored().sign_in_required);
  EXPECT_EQ(stored().tokens.refresh_token.reveal(), "rt-0");
  EXPECT_EQ(refresh().error().code, Errc::sign_in_required);
  EXPECT_EQ(sent(), 1);
}

TEST_F(RefresherTest, a_valid_token_stays_in_use_when_its_refresh_is_refused) {
  sign_in(30s);
  http.on(token_request, 400, R"({"error":"invalid_grant"})");
  EXPECT_EQ(refresh()->tokens.access_token.reveal(), "at-0");
  EXPECT_TRUE(stored().sign_in_required);
}

TEST_F(RefresherTest, outages_change_nothing_however_often_they_happen) {
  sign_in(10s);
  advance(20s);
  for (int i = 0; i < 10; ++i) {
    http.on(token_request, 503, R"({"error":"invalid_grant"})");
    EXPECT_EQ(refresh().error().code, Errc::server_error);
    http.on_error(token_request, Errc::unavailable);
    EXPECT_EQ(refresh().error().code, Errc::unavailable);
  }
  EXPECT_FALSE(stored().sign_in_required);
  EXPECT_EQ(stored().attempts, 0);
  http.on(token_request, 200, tokens("at-1", "rt-1"));
  EXPECT_TRUE(refresh().has_value());
}

TEST_F(RefresherTest, a_lost_answer_is_replayed_within_seconds_and_at_most_three_times) {
  sign_in(10s);
  advance(20s);
  http.on_error(token_request, Errc::outcome_unknown);
  const auto start = clock.now();
  EXPECT_EQ(refresh().error().code, Errc::outcome_unknown);
  EXPECT_EQ(sent(), 1 + limits::kRefreshReplays);
  EXPECT_LT(clock.now() - start, 10s);
  EXPECT_FALSE(stored().sign_in_required);
  EXPECT_EQ(refresh().error().code, Errc::outcome_unknown) << "no more replays for now";
  EXPECT_EQ(sent(), 1 + limits::kRefreshReplays);
}

TEST_F(RefresherTest, a_replay_that_is_answered_saves_the_login) {
  sign_in(10s);
  advance(20s);
  int calls = 0;
  http.on(token_request, [&](const http::Request&) -> Result<http::Reply> {
    if (++calls < 3) return fail(Errc::outcome_unknown, "lost");
    return http::Reply{.status = 200, .body = tokens("at-1", "rt-1")};
  });
  EXPECT_EQ(refresh()->tokens.access_token.reveal(), "at-1");
  EXPECT_EQ(stored().attempts, 0);
}

TEST_F(RefresherTest, after_the_replays_a_provider_that_recovers_ends_the_doubt) {
  sign_in(10s);
  advance(20s);
  http.on_error(token_request, Errc::outcome_unknown);
  EXPECT_FALSE(refresh().has_value());
  http.on(token_request, 200, tokens("at-1", "rt-1"));
  advance(61s);
  EXPECT_EQ(refresh()->tokens.access_token.reveal(), "at-1");
}

TEST_F(RefresherTest, while_the_token_works_a_lost_answer_is_not_an_error) {
  sign_in(3600s);
  http.on_error(token_request, Errc::outcome_unknown);
  EXPECT_EQ(refresh()->tokens.access_token.reveal(), "at-0");
  EXPECT_EQ(sent(), 4);
  EXPECT_EQ(refresh()->tokens.access_token.reveal(), "at-0");
  EXPECT_EQ(sent(), 4);
}

TEST_F(RefresherTest, a_loser_adopts_the_pair_that_the_winner_stored) {
  const auto row = sign_in(10s);
  advance(20s);
  ASSERT_TRUE(*run(memory.credentials().acquire_lease(key, "other", 45s)));
  int looks = 0;
  std::function<void()> look = [&] {
    if (++looks < 3) {
      store.before["acquire_lease"] = look;
      return;
    }
    vault::TokenSet pair{.access_token = Secret("at-9"), .refresh_token = Secret("rt-9")};
    boost::asio::io_context inner;
    (void)run_to_end(inner, memory.credentials().save_refreshed(key, row.version, row.epoch, pair));
  };
  store.before["acquire_lease"] = look;
  EXPECT_EQ(refresh_from(row, RefreshReason::ahead)->tokens.access_token.reveal(), "at-9");
  EXPECT_EQ(sent(), 0);
}

TEST_F(RefresherTest, a_dead_holder_is_outwaited_because_its_lease_runs_out) {
  sign_in(10s);
  advance(20s);
  ASSERT_TRUE(*run(memory.credentials().acquire_lease(key, "dead", limits::kRefreshLease)));
  EXPECT_EQ(refresh()->tokens.access_token.reveal(), "at-1");
}

TEST_F(RefresherTest, a_wait_that_ends_is_transient_and_never_sign_in) {
  sign_in(10s);
  advance(20s);
  ASSERT_TRUE(*run(memory.credentials().acquire_lease(key, "other", 10min)));
  const auto fresh = refresh();
  EXPECT_EQ(fresh.error().code, Errc::timeout);
  EXPECT_EQ(classify(fresh.error()), Disposition::retry);
  EXPECT_EQ(sent(), 0);
}

TEST_F(RefresherTest, a_late_success_is_stored_even_when_the_lease_is_gone) {
  sign_in(10s);
  http.on(token_request, [&](const http::Request&) -> Result<http::Reply> {
    advance(5min);
    boost::asio::io_context inner;
    (void)run_to_end(inner, memory.credentials().acquire_lease(key, "other", 45s));
    return http::Reply{.status = 200, .body = tokens("at-1", "rt-1")};
  });
  EXPECT_EQ(refresh()->tokens.access_token.reveal(), "at-1");
  EXPECT_EQ(stored().version, 2);
}

TEST_F(RefresherTest, an_answer_of_an_older_epoch_is_revoked_and_not_stored) {
  const auto row = sign_in(10s);
  store.before["save_refreshed"] = [&] {
    boost::asio::io_context inner;
    vault::Credential login = row;
    login.tokens.access_token = Secret("at-login");
    (void)run_to_end(inner, memory.credentials().save_login(login, row.epoch));
  };
  EXPECT_EQ(refresh()->tokens.access_token.reveal(), "at-login");
  EXPECT_EQ(http.count("POST", kRevokeUrl), 1);
  EXPECT_EQ(http.last_form(kRevokeUrl).at("token"), "rt-1");
  EXPECT_EQ(stored().tokens.access_token.reveal(), "at-login");
}

TEST_F(RefresherTest, after_a_logout_the_late_pair_is_revoked_and_nobody_is_signed_in) {
  sign_in(10s);
  store.before["save_refreshed"] = [&] {
    boost::asio::io_context inner;
    (void)run_to_end(inner, memory.credentials().end_login(key));
  };
  EXPECT_EQ(refresh().error().code, Errc::sign_in_required);
  EXPECT_EQ(http.count("POST", kRevokeUrl), 1);
  EXPECT_TRUE(stored().tokens.access_token.empty());
}

TEST_F(RefresherTest, a_second_pair_of_the_same_epoch_is_dropped_without_revoking_the_grant) {
  const auto row = sign_in(10s);
  store.before["save_refreshed"] = [&] {
    boost::asio::io_context inner;
    vault::TokenSet pair{.access_token = Secret("at-9"), .refresh_token = Secret("rt-9")};
    (void)run_to_end(inner, memory.credentials().save_refreshed(key, row.version, row.epoch, pair));
  };
  EXPECT_EQ(refresh()->tokens.access_token.reveal(), "at-9");
  EXPECT_EQ(http.count("POST", kRevokeUrl), 0);
}

TEST_F(RefresherTest, a_refused_token_without_refresh_token_needs_a_person) {
  sign_in(std::nullopt, "");
  EXPECT_EQ(refresh(RefreshReason::refused).error().code, Errc::sign_in_required);
  EXPECT_EQ(refresh(RefreshReason::ahead)->tokens.access_token.reveal(), "at-0")
      << "unknown expiry is unknown, not expired";
}

TEST_F(RefresherTest, the_same_state_can_be_left_after_every_store_call_failed_once) {
  for (const char* call : {"find", "acquire_lease", "mark_attempt", "save_refreshed",
                           "release_lease", "settle_attempt", "require_sign_in"}) {
    sign_in(10s);
    advance(20s);
    store.failures = {{call, 1}};
    (void)refresh();
    store.failures.clear();
    advance(120s);
    const auto fresh = refresh_from(stored(), RefreshReason::refused);
    EXPECT_TRUE(fresh.has_value()) << call;
    EXPECT_FALSE(stored().sign_in_required) << call;
  }
}

TEST_F(RefresherTest, a_store_that_fails_for_a_while_does_not_cost_the_new_pair) {
  sign_in(10s);
  advance(20s);
  store.failures = {{"save_refreshed", 20}};
  EXPECT_EQ(refresh()->tokens.access_token.reveal(), "at-1");
  EXPECT_EQ(stored().tokens.refresh_token.reveal(), "rt-1");
  EXPECT_EQ(sent(), 1);
}

Task<> wait_at(Condition* gate) {
  co_await gate->wait();
}

Task<> refresh_into(Refresher& refresher, RefreshOrder order, bool& done) {
  done = (co_await refresher.refresh(std::move(order))).has_value();
}

Task<> open_later(Condition* gate) {
  co_await sleep_for(1ms);
  gate->notify_all();
}

Task<> shut_down_with(TaskGroup& tasks, Condition& gate) {
  NullLogger quiet;
  TaskGroup opener(tasks.executor(), quiet);
  opener.spawn("open", open_later(&gate));
  co_await tasks.shutdown();
  co_await opener.drain();
}

TEST_F(RefresherTest, a_shutdown_does_not_come_between_the_answer_and_the_store) {
  const auto row = sign_in(10s);
  advance(20s);
  store.failures = {{"save_refreshed", 1}};  // so that it waits once with the pair in its hands
  Condition gate(context.get_executor());
  TaskGroup tasks(context.get_executor(), logger);
  Refresher refresher(store, http, clock, logger, [&](Duration) { return wait_at(&gate); });
  bool done = false;
  tasks.spawn("refresh",
              refresh_into(refresher, {.key = key, .goal = {row.version, row.epoch}}, done));
  context.restart();
  context.poll();
  ASSERT_EQ(sent(), 1);
  run_to_end(context, shut_down_with(tasks, gate));
  EXPECT_TRUE(done);
  EXPECT_EQ(stored().tokens.refresh_token.reveal(), "rt-1");
}

TEST_F(RefresherTest, nothing_is_sent_when_the_attempt_cannot_be_made_durable) {
  sign_in(10s);
  advance(20s);
  store.failures = {{"mark_attempt", 1}};
  EXPECT_EQ(refresh().error().code, Errc::storage);
  EXPECT_EQ(sent(), 0);
}

}  // namespace
}  // namespace gatehouse::oauth_client
