#include "mcp_server/replay.hpp"

#include <gtest/gtest.h>

namespace gatehouse::mcp_server {
namespace {

using namespace std::chrono_literals;

class ReplayTest : public ::testing::Test {
 protected:
  static std::string ids(const ReplayLog::Rest& rest) {
    std::string text;
    for (const auto& event : rest.events) text += to_string(event.id) + " ";
    return text;
  }
  ManualClock clock_;
  ReplayStore store_{
      clock_,
      {.events = 4, .bytes = 2000, .bytes_per_caller = 3000, .bytes_in_all = 5000, .age = 10s}};
};

TEST_F(ReplayTest, event_ids_are_read_strictly) {
  EXPECT_EQ(parse_event_id("3-17"), (EventId{3, 17}));
  for (const char* bad : {"", "3", "-", "3-", "-1", "3-x", "3-1 ", "99999999999-1"}) {
    EXPECT_FALSE(parse_event_id(bad)) << bad;
  }
}

TEST_F(ReplayTest, what_followed_an_event_on_its_stream_is_found) {
  ReplayLog log(store_, "ada");
  log.add({1, 1}, "a", false);
  log.add({2, 1}, "b", false);
  log.add({1, 2}, "c", true);
  const auto rest = log.after({1, 0});
  EXPECT_EQ(ids(rest), "1-1 1-2 ");
  EXPECT_TRUE(rest.complete);
  EXPECT_FALSE(rest.gap);
  EXPECT_FALSE(log.after({2, 1}).complete);
}

TEST_F(ReplayTest, the_oldest_go_first_and_the_gap_is_seen) {
  ReplayLog log(store_, "ada");
  for (std::uint64_t i = 1; i <= 6; ++i) log.add({1, i}, "x", false);
  EXPECT_EQ(ids(log.after({1, 0})), "1-3 1-4 1-5 1-6 ");
  EXPECT_TRUE(log.after({1, 0}).gap);
  EXPECT_FALSE(log.after({1, 2}).gap);
  log.add({1, 7}, std::string(3000, 'x'), true);
  EXPECT_EQ(ids(log.after({1, 0})), "") << "larger than everything allowed";
  EXPECT_EQ(store_.bytes(), 0u);
}

TEST_F(ReplayTest, a_greedy_caller_loses_their_own) {
  ReplayLog other(store_, "bob");
  other.add({1, 1}, "b", false);
  ReplayLog first(store_, "ada");
  ReplayLog second(store_, "ada");
  for (std::uint64_t i = 1; i <= 20; ++i) {
    first.add({1, i}, std::string(900, 'x'), false);
    second.add({1, i}, std::string(900, 'x'), false);
  }
  EXPECT_LE(store_.bytes(), 3000u + 65u);
  EXPECT_EQ(ids(other.after({1, 0})), "1-1 ");
}

TEST_F(ReplayTest, all_callers_together_are_bounded) {
  std::vector<std::unique_ptr<ReplayLog>> logs;
  for (int i = 0; i < 10; ++i) {
    logs.push_back(std::make_unique<ReplayLog>(store_, "caller" + std::to_string(i)));
    logs.back()->add({1, 1}, std::string(900, 'x'), false);
  }
  EXPECT_LE(store_.bytes(), 5000u);
  EXPECT_EQ(ids(logs.front()->after({1, 0})), "");
  EXPECT_EQ(ids(logs.back()->after({1, 0})), "1-1 ");
}

TEST_F(ReplayTest, what_nobody_fetched_is_forgotten_in_time) {
  ReplayLog log(store_, "ada");
  log.add({1, 1}, "old", false);
  clock_.advance(6s);
  log.add({1, 2}, "new", false);
  clock_.advance(4s);
  store_.expire();
  EXPECT_EQ(ids(log.after({1, 0})), "1-2 ");
}

}  // namespace
}  // namespace gatehouse::mcp_server
