#include "gateway/freshness.hpp"

#include <gtest/gtest.h>

namespace gatehouse::gateway {
namespace {

using namespace std::chrono_literals;

constexpr SystemTime kStart{1'000'000'000s};
constexpr SteadyTime steady(std::chrono::seconds s) {
  return SteadyTime{} + s;
}

Freshness::Known listed(std::chrono::milliseconds ttl) {
  return {.listed_at = kStart, .checked_at = kStart, .ready = true, .ttl = ttl};
}

TEST(Freshness, honours_the_time_a_server_names_within_bounds) {
  const Freshness freshness(7);
  EXPECT_TRUE(freshness.due({}, kStart));
  EXPECT_FALSE(freshness.due(listed(5min), kStart + 4min));
  EXPECT_TRUE(freshness.due(listed(5min), kStart + 6min));
  EXPECT_FALSE(freshness.due(listed(1ms), kStart + 20s)) << "not more often than every 30 s";
  EXPECT_TRUE(freshness.due(listed(1ms), kStart + 40s));
  EXPECT_FALSE(freshness.due(listed(0ms), kStart + 8min)) << "without a hint: 10 minutes";
  EXPECT_TRUE(freshness.due(listed(0ms), kStart + 12min));
  EXPECT_TRUE(freshness.due(listed(24h * 365), kStart + 27h)) << "at least once a day";
  EXPECT_TRUE(freshness.due(listed(5min), kStart - 1h)) << "the clock was set back";
}

TEST(Freshness, spreads_connections_that_were_listed_together) {
  int due = 0;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    Freshness freshness(seed);
    freshness.on_listed();
    due += freshness.due(listed(10min), kStart + 10min) ? 1 : 0;
  }
  EXPECT_GT(due, 8);
  EXPECT_LT(due, 56);
}

TEST(Freshness, asks_a_failing_server_less_and_less_often) {
  Freshness freshness(1);
  const Freshness::Known failed{.checked_at = kStart, .ready = false};
  freshness.on_failed();
  EXPECT_FALSE(freshness.due(failed, kStart + 50s));
  EXPECT_TRUE(freshness.due(failed, kStart + 70s));
  for (int i = 0; i < 20; ++i) freshness.on_failed();
  EXPECT_FALSE(freshness.due(failed, kStart + 26min));
  EXPECT_TRUE(freshness.due(failed, kStart + 34min));
  freshness.on_listed();
  freshness.on_failed();
  EXPECT_TRUE(freshness.due(failed, kStart + 70s));
}

TEST(Freshness, heeds_the_first_notification_at_once_and_a_storm_slowly) {
  Freshness freshness(1);
  EXPECT_EQ(freshness.on_list_changed(steady(0s)), 0ms);
  EXPECT_EQ(freshness.on_list_changed(steady(1s)), 1s);
  for (int i = 2; i < 30; ++i) (void)freshness.on_list_changed(steady(std::chrono::seconds(i)));
  EXPECT_EQ(freshness.on_list_changed(steady(31s)), 30s);
  EXPECT_EQ(freshness.on_list_changed(steady(120s)), 0ms);
}

}  // namespace
}  // namespace gatehouse::gateway
