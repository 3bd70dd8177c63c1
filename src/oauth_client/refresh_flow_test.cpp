#include "oauth_client/refresh_flow.hpp"

#include <gtest/gtest.h>

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;
using Step = RefreshFlow::Step;

const SystemTime kWall{std::chrono::milliseconds{1'800'000'000'000}};

Moment at(std::chrono::milliseconds offset) {
  return {kWall + offset, SteadyTime{} + offset};
}

vault::Credential row(std::int64_t version = 1, std::int64_t epoch = 1) {
  vault::Credential credential{.version = version, .epoch = epoch};
  credential.tokens.access_token = Secret("at");
  credential.tokens.refresh_token = Secret("rt");
  credential.tokens.obtained_at = kWall - 1h;
  credential.tokens.expires_at = kWall - 1s;
  return credential;
}

vault::Credential alive(std::int64_t version = 1, std::int64_t epoch = 1) {
  vault::Credential credential = row(version, epoch);
  credential.tokens.expires_at = kWall + 1h;
  return credential;
}

RefreshFlow flow(RefreshReason reason = RefreshReason::ahead) {
  return RefreshFlow({1, 1, reason, "run `gatehouse login x`"}, at(0ms));
}

/// A flow that has sent its request.
RefreshFlow sent(const vault::Credential& credential = row(),
                 RefreshReason reason = RefreshReason::ahead) {
  RefreshFlow made = flow(reason);
  EXPECT_EQ(made.begin().step, Step::read);
  EXPECT_EQ(made.on_row(credential, at(0ms)).step, Step::acquire);
  EXPECT_EQ(made.on_lease(credential, at(0ms)).step, Step::mark);
  EXPECT_EQ(made.on_marked().step, Step::send);
  return made;
}

TEST(RefreshFlow, marks_before_it_sends_and_saves_before_it_is_used) {
  RefreshFlow made = sent();
  EXPECT_EQ(made.on_tokens().step, Step::save);
  EXPECT_EQ(made.on_saved().step, Step::adopt);
}

TEST(RefreshFlow, adopts_a_newer_pair_under_the_lease_instead_of_refreshing_again) {
  RefreshFlow made = flow();
  EXPECT_EQ(made.on_row(row(), at(0ms)).step, Step::acquire);
  EXPECT_EQ(made.on_lease(alive(2), at(0ms)).step, Step::adopt);
}

TEST(RefreshFlow, replaces_a_newer_pair_that_has_expired_as_well) {
  RefreshFlow made = flow();
  EXPECT_EQ(made.on_row(row(5), at(0ms)).step, Step::acquire);
  EXPECT_EQ(made.on_lease(row(5), at(0ms)).step, Step::mark);
}

TEST(RefreshFlow, polls_while_another_holds_the_lease_and_gives_up_as_transient) {
  RefreshFlow made = flow();
  EXPECT_EQ(made.on_row(row(), at(0ms)).step, Step::acquire);
  const auto wait = made.on_busy(at(1s), 0.5);
  EXPECT_EQ(wait.step, Step::read);
  EXPECT_GT(wait.delay, 0ms);
  EXPECT_LT(wait.delay, 1s);
  const auto end = made.on_busy(at(limits::kRefreshWait), 0.5);
  ASSERT_EQ(end.step, Step::fail);
  EXPECT_EQ(end.error->code, Errc::timeout);
}

TEST(RefreshFlow, only_invalid_grant_asks_for_a_sign_in) {
  for (const Errc code : {Errc::server_error, Errc::unavailable, Errc::timeout, Errc::rate_limited,
                          Errc::tls, Errc::blocked_address}) {
    RefreshFlow made = sent();
    const auto decision = made.on_failure({code, "x", ""}, at(1s), 0);
    EXPECT_EQ(decision.step, Step::settle) << to_string(code);
    EXPECT_EQ(made.on_noted().step, Step::fail) << to_string(code);
  }
  RefreshFlow made = sent();
  EXPECT_EQ(made.on_failure({Errc::invalid_grant, "gone", ""}, at(1s), 0).step,
            Step::require_sign_in);
  const auto end = made.on_noted();
  EXPECT_EQ(end.error->code, Errc::sign_in_required);
  EXPECT_EQ(end.error->hint, "run `gatehouse login x`");
}

TEST(RefreshFlow, a_refusal_of_the_refresh_itself_lets_a_token_decide_that_has_only_just_ended) {
  const Error early{Errc::rejected, "the access token is still good", ""};
  RefreshFlow made = sent();
  EXPECT_EQ(made.on_failure(early, at(1s), 0).step, Step::settle);
  EXPECT_EQ(made.on_noted().step, Step::adopt);
  RefreshFlow late = sent();
  EXPECT_EQ(late.on_failure(early, at(1min), 0).step, Step::settle);
  EXPECT_EQ(late.on_noted().error->code, Errc::sign_in_required);
  RefreshFlow refused = sent(row(), RefreshReason::refused);
  EXPECT_EQ(refused.on_failure(early, at(1s), 0).step, Step::settle);
  EXPECT_EQ(refused.on_noted().error->code, Errc::sign_in_required);
}

TEST(RefreshFlow, invalid_grant_over_a_moved_version_adopts_the_winner) {
  RefreshFlow made = sent();
  EXPECT_EQ(made.on_failure({Errc::invalid_grant, "gone", ""}, at(1s), 0).step,
            Step::require_sign_in);
  EXPECT_EQ(made.on_conflict(Step::require_sign_in, alive(2), at(1s)).step, Step::adopt);
}

TEST(RefreshFlow, a_valid_token_stays_in_use_whatever_its_refresh_ends_in) {
  for (const Errc code :
       {Errc::server_error, Errc::unavailable, Errc::invalid_grant, Errc::rejected}) {
    RefreshFlow made = sent(alive());
    (void)made.on_failure({code, "x", ""}, at(1s), 0);
    EXPECT_EQ(made.on_noted().step, Step::adopt) << to_string(code);
  }
}

TEST(RefreshFlow, a_refused_client_is_looked_at_and_tried_once_more_before_it_is_given_up) {
  const Error refused{Errc::invalid_client, "x", ""};
  RefreshFlow made = sent();
  EXPECT_EQ(made.on_failure(refused, at(1s), 0).step, Step::settle);
  EXPECT_EQ(made.on_noted().step, Step::probe);
  const auto again = made.on_probed(std::nullopt, at(1s), 0);
  EXPECT_EQ(again.step, Step::read);
  EXPECT_GT(again.delay, 0ms);
  EXPECT_EQ(made.on_failure(refused, at(3s), 0).step, Step::settle);
  EXPECT_EQ(made.on_noted().step, Step::give_up_client);
  const Error person{Errc::sign_in_required, "y", ""};
  EXPECT_EQ(made.on_client_given_up(person, at(3s)).error->code, Errc::sign_in_required);
}

TEST(RefreshFlow, a_refused_client_of_a_server_that_is_not_well_is_a_passing_fault) {
  RefreshFlow made = sent();
  (void)made.on_failure({Errc::invalid_client, "x", ""}, at(1s), 0);
  (void)made.on_noted();
  const auto end = made.on_probed(Error{Errc::server_error, "503", ""}, at(1s), 0);
  ASSERT_EQ(end.step, Step::fail);
  EXPECT_EQ(end.error->code, Errc::server_error);
}

TEST(RefreshFlow, a_refused_token_does_not_stay_in_use) {
  RefreshFlow made = sent(alive(), RefreshReason::refused);
  EXPECT_EQ(made.on_failure({Errc::unavailable, "x", ""}, at(1s), 0).step, Step::settle);
  EXPECT_EQ(made.on_noted().error->code, Errc::unavailable);
}

TEST(RefreshFlow, replays_a_lost_answer_within_seconds_until_the_limit) {
  for (int before = 0; before <= limits::kRefreshReplays; ++before) {
    vault::Credential credential = row();
    credential.attempts = before;
    credential.last_attempt_at = kWall - 10s;
    RefreshFlow made = sent(credential);
    const auto decision = made.on_failure({Errc::outcome_unknown, "x", ""}, at(1s), 0.9);
    if (before < limits::kRefreshReplays) {
      EXPECT_EQ(decision.step, Step::read) << before;
      EXPECT_LT(decision.delay, 3s);
    } else {
      EXPECT_EQ(decision.step, Step::fail);
      EXPECT_EQ(decision.error->code, Errc::outcome_unknown);
    }
  }
}

TEST(RefreshFlow, an_attempt_of_a_crashed_process_is_replayed_after_a_moment) {
  vault::Credential credential = row();
  credential.attempts = 1;
  credential.last_attempt_at = kWall;
  RefreshFlow made = flow();
  const auto wait = made.on_row(credential, at(100ms));
  EXPECT_EQ(wait.step, Step::read);
  EXPECT_EQ(wait.delay, 900ms);
  EXPECT_EQ(made.on_row(credential, at(1s)).step, Step::acquire);
}

TEST(RefreshFlow, a_clock_that_was_set_back_does_not_make_it_wait_for_long) {
  vault::Credential credential = row();
  credential.attempts = 1;
  credential.last_attempt_at = kWall + 24h;
  for (const int attempts : {1, limits::kRefreshReplays + 5}) {
    credential.attempts = attempts;
    RefreshFlow made = flow();
    EXPECT_EQ(made.on_row(credential, at(0ms)).step, Step::acquire) << attempts;
  }
}

TEST(RefreshFlow, an_answer_of_an_older_epoch_is_revoked) {
  RefreshFlow made = sent();
  EXPECT_EQ(made.on_conflict(Step::save, alive(2, 2), at(1s)).step, Step::revoke);
  EXPECT_EQ(made.on_noted().step, Step::adopt);
  made = sent();
  EXPECT_EQ(made.on_conflict(Step::save, std::nullopt, at(1s)).step, Step::revoke);
  EXPECT_EQ(made.on_noted().error->code, Errc::sign_in_required);
}

TEST(RefreshFlow, saving_is_tried_again_for_a_while_and_then_reported) {
  RefreshFlow made = sent();
  std::chrono::milliseconds waited{0};
  auto decision = made.on_save_failed({Errc::storage, "full", ""});
  for (; decision.step == Step::save; decision = made.on_save_failed({Errc::storage, "full", ""}))
    waited += decision.delay;
  EXPECT_EQ(decision.error->code, Errc::storage);
  EXPECT_GT(waited, 1min);
}

TEST(RefreshMargin, is_a_quarter_of_a_short_life_and_never_more_than_a_minute_and_a_half) {
  vault::TokenSet tokens;
  tokens.obtained_at = kWall;
  tokens.expires_at = kWall + 20s;
  EXPECT_EQ(refresh_margin(tokens, 0.5), 5s);
  tokens.expires_at = kWall + 24h;
  EXPECT_EQ(refresh_margin(tokens, 0), limits::kRefreshAhead);
  EXPECT_LE(refresh_margin(tokens, 0.99), 90s);
  tokens.expires_at = kWall - 1h;
  EXPECT_EQ(refresh_margin(tokens, 0.5), 0s);
}

TEST(IsAlive, unknown_expiry_is_unknown_and_not_expired) {
  vault::TokenSet tokens;
  EXPECT_FALSE(is_alive(tokens, kWall));
  tokens.access_token = Secret("a");
  EXPECT_TRUE(is_alive(tokens, kWall));
  tokens.expires_at = kWall;
  EXPECT_FALSE(is_alive(tokens, kWall));
}

}  // namespace
}  // namespace gatehouse::oauth_client
