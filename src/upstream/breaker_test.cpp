#include "upstream/breaker.hpp"

#include <gtest/gtest.h>

namespace gatehouse::upstream {
namespace {

using namespace std::chrono_literals;

SteadyTime at(std::chrono::milliseconds since_start) {
  return SteadyTime{} + 1h + since_start;
}

TEST(Breaker, admits_one_probe_after_the_cooldown) {
  Breaker breaker{{.max_failures = 1, .cooldown = 10s}};
  breaker.on_failure(at(0s));
  EXPECT_EQ(breaker.admit(at(9s)), Verdict::reject);
  EXPECT_EQ(breaker.admit(at(10s)), Verdict::probe);
  EXPECT_EQ(breaker.admit(at(10s)), Verdict::reject);
}

TEST(Breaker, closes_when_the_probe_is_answered_and_reopens_when_it_fails) {
  Breaker breaker{{.max_failures = 1, .cooldown = 10s}};
  breaker.on_failure(at(0s));
  EXPECT_EQ(breaker.admit(at(10s)), Verdict::probe);
  breaker.on_failure(at(11s));
  EXPECT_EQ(breaker.admit(at(20s)), Verdict::reject);
  EXPECT_EQ(breaker.admit(at(21s)), Verdict::probe);
  breaker.on_answer();
  EXPECT_EQ(breaker.admit(at(21s)), Verdict::allow);
}

TEST(Breaker, gives_the_probe_slot_back_when_the_probe_is_abandoned) {
  Breaker breaker{{.max_failures = 1, .cooldown = 10s}};
  breaker.on_failure(at(0s));
  EXPECT_EQ(breaker.admit(at(10s)), Verdict::probe);
  breaker.on_abandoned();
  EXPECT_EQ(breaker.admit(at(10s)), Verdict::probe);
}

TEST(Breaker, counts_only_failures_in_a_row) {
  Breaker breaker{{.max_failures = 2, .cooldown = 10s}};
  breaker.on_failure(at(0s));
  breaker.on_answer();
  breaker.on_failure(at(1s));
  EXPECT_EQ(breaker.admit(at(1s)), Verdict::allow);
  breaker.on_failure(at(2s));
  EXPECT_EQ(breaker.admit(at(2s)), Verdict::reject);
  breaker.reset();
  EXPECT_EQ(breaker.admit(at(2s)), Verdict::allow);
}

}  // namespace
}  // namespace gatehouse::upstream
