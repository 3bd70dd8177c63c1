#include "oauth_client/refresh_plan.hpp"

#include <gtest/gtest.h>

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;
using Duration = SteadyTime::duration;
using Outcome = RefreshPlan::Outcome;

const SystemTime kStart{1'800'000'000s};

Moment at(Duration since) {
  const auto whole = std::chrono::duration_cast<SystemTime::duration>(since);
  return {kStart + whole, SteadyTime{} + 1h + since};
}

vault::Credential login(std::string connection, std::chrono::seconds life = 3600s) {
  vault::Credential credential;
  credential.key = {.organization = local_organization(), .connection = {std::move(connection)}};
  credential.tokens.access_token = Secret("at");
  credential.tokens.refresh_token = Secret("rt");
  credential.tokens.obtained_at = kStart;
  credential.tokens.expires_at = kStart + life;
  credential.version = 1;
  credential.epoch = 1;
  return credential;
}

TEST(RefreshPlan, a_login_is_due_before_it_expires_and_not_long_before) {
  RefreshPlan plan(7);
  plan.set({login("a")});
  EXPECT_TRUE(plan.take_due(at(3600s - 180s - 1s), 4).empty());
  EXPECT_EQ(plan.take_due(at(3600s - 120s), 4).size(), 1);
  EXPECT_TRUE(plan.take_due(at(3600s), 4).empty()) << "it is under way";
}

TEST(RefreshPlan, logins_of_one_hour_are_not_refreshed_in_one_moment) {
  RefreshPlan plan(7);
  std::vector<vault::Credential> all;
  for (int i = 0; i < 40; ++i) all.push_back(login("con_" + std::to_string(i)));
  plan.set(all);
  int waves = 0;
  for (auto now = 3600s - 181s; now <= 3600s - 120s; now += 10s)
    waves += plan.take_due(at(now), 100).empty() ? 0 : 1;
  EXPECT_GE(waves, 4);
}

TEST(RefreshPlan, a_short_life_leaves_most_of_it_to_be_used) {
  RefreshPlan plan(7);
  plan.set({login("a", 3s)});
  EXPECT_TRUE(plan.take_due(at(1900ms), 4).empty());
  EXPECT_EQ(plan.take_due(at(2s), 4).size(), 1);
}

TEST(RefreshPlan, what_cannot_be_planned_is_left_alone) {
  vault::Credential unknown = login("a");
  unknown.tokens.expires_at.reset();
  vault::Credential once = login("b");
  once.tokens.refresh_token = Secret();
  vault::Credential over = login("c");
  over.sign_in_required = true;
  RefreshPlan plan(7);
  plan.set({unknown, once, over});
  EXPECT_EQ(plan.size(), 0);
  EXPECT_EQ(plan.until_next(at(0s)), limits::kIdleRefreshLook);
}

TEST(RefreshPlan, no_more_than_the_places_are_taken_at_once) {
  RefreshPlan plan(7);
  plan.set({login("a", 1s), login("b", 1s), login("c", 1s)});
  EXPECT_EQ(plan.take_due(at(5s), 2).size(), 2);
  EXPECT_EQ(plan.take_due(at(5s), 2).size(), 1);
}

TEST(RefreshPlan, failures_pause_longer_each_time_and_not_for_ever) {
  RefreshPlan plan(7);
  const vault::Credential one = login("a", 10s);
  plan.set({one});
  Duration now = 20s;
  Duration last = 0s;
  for (int i = 0; i < 12; ++i) {
    ASSERT_EQ(plan.take_due(at(now), 1).size(), 1);
    plan.on_end(one.key, Outcome::failed, at(now));
    plan.set({one});
    EXPECT_TRUE(plan.take_due(at(now + 9s), 1).empty());
    Duration pause = 0s;
    while (plan.take_due(at(now + pause), 1).empty()) pause += 5s;
    plan.on_end(one.key, Outcome::failed, at(now + pause));
    EXPECT_GE(pause, std::min<Duration>(last, 15min));
    EXPECT_LE(pause, 20min);
    last = pause;
    now += pause + 20min;
  }
}

TEST(RefreshPlan, a_clock_that_jumps_neither_skips_a_refresh_nor_ends_a_pause) {
  RefreshPlan plan(7);
  const vault::Credential one = login("a");
  plan.set({one});
  EXPECT_EQ(plan.until_next(at(0s)), limits::kIdleRefreshLook);
  Moment ahead = at(60s);
  ahead.wall += 5h;  // woken from sleep, or set forward
  ASSERT_EQ(plan.take_due(ahead, 1).size(), 1);
  plan.on_end(one.key, Outcome::failed, ahead);
  ahead.wall += 5h;
  EXPECT_TRUE(plan.take_due(ahead, 1).empty()) << "pauses go by the steady clock";
  Moment back = at(10min);
  back.wall = kStart - 5h;
  EXPECT_TRUE(plan.take_due(back, 1).empty());
  EXPECT_LE(plan.until_next(back), limits::kIdleRefreshLook) << "it looks again soon";
}

TEST(RefreshPlan, what_only_a_person_can_mend_is_not_tried_until_it_changes) {
  RefreshPlan plan(7);
  vault::Credential one = login("a", 10s);
  plan.set({one});
  ASSERT_EQ(plan.take_due(at(20s), 1).size(), 1);
  plan.on_end(one.key, Outcome::ended, at(20s));
  plan.set({one});
  EXPECT_TRUE(plan.take_due(at(2h), 1).empty());
  one.epoch = 2;
  plan.set({one});
  EXPECT_EQ(plan.take_due(at(2h), 1).size(), 1);
}

TEST(RefreshPlan, a_refresh_under_way_is_not_started_again_when_its_row_changes) {
  RefreshPlan plan(7);
  vault::Credential one = login("a", 10s);
  plan.set({one});
  ASSERT_EQ(plan.take_due(at(20s), 1).size(), 1);
  plan.set({});
  one.version = 2;
  plan.set({one});
  EXPECT_TRUE(plan.take_due(at(21s), 1).empty());
  plan.on_end(one.key, Outcome::refreshed, at(22s));
  plan.set({one});
  EXPECT_EQ(plan.take_due(at(22s), 1).size(), 1) << "the newer row is due as well";
}

}  // namespace
}  // namespace gatehouse::oauth_client
