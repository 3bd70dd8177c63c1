#include "identity/call_budget.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace gatehouse::identity {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{1h};

TEST(CallBudget, as_many_calls_as_allowed_may_be_under_way) {
  CallBudget budget;
  const CallLimits limits{.under_way = 2};
  EXPECT_FALSE(budget.try_enter(limits, kStart));
  EXPECT_FALSE(budget.try_enter(limits, kStart));
  const auto refused = budget.try_enter(limits, kStart);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->why, CallBudget::Refusal::Why::under_way);
  EXPECT_EQ(refused->under_way, 2);
  budget.leave();
  EXPECT_FALSE(budget.try_enter(limits, kStart));
}

TEST(CallBudget, a_burst_passes_and_then_the_rate_holds) {
  CallBudget budget;
  const CallLimits limits{.under_way = 100, .per_second = 10, .burst = 3};
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(budget.try_enter(limits, kStart)) << i;
  const auto refused = budget.try_enter(limits, kStart);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->why, CallBudget::Refusal::Why::rate);
  EXPECT_EQ(refused->retry_after, std::chrono::nanoseconds(100ms));
  EXPECT_TRUE(budget.try_enter(limits, kStart + 99ms));
  EXPECT_FALSE(budget.try_enter(limits, kStart + 100ms));
  EXPECT_TRUE(budget.try_enter(limits, kStart + 100ms));
  EXPECT_EQ(budget.under_way(), 4);  // refused ones hold no place
}

TEST(CallBudget, a_long_rest_earns_one_burst_and_no_more) {
  CallBudget budget;
  const CallLimits limits{.under_way = 100, .per_second = 10, .burst = 3};
  ASSERT_FALSE(budget.try_enter(limits, kStart));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(budget.try_enter(limits, kStart + 1h)) << i;
  EXPECT_TRUE(budget.try_enter(limits, kStart + 1h));
}

TEST(CallBudget, threads_share_one_rate) {
  CallBudget budget;
  const CallLimits limits{.under_way = 1'000'000, .per_second = 1, .burst = 500};
  std::atomic<int> passed{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) passed += budget.try_enter(limits, kStart) ? 0 : 1;
    });
  }
  threads.clear();
  EXPECT_EQ(passed, 500);
}

TEST(CallBudgets, a_key_has_one_budget_for_as_long_as_somebody_keeps_it) {
  CallBudgets budgets;
  const auto first = budgets.find("token a");
  EXPECT_EQ(budgets.find("token a"), first);
  EXPECT_NE(budgets.find("token b"), first);
  for (int i = 0; i < 1000; ++i) (void)budgets.find("token " + std::to_string(i));
  EXPECT_LT(budgets.size(), 200U);
  EXPECT_EQ(budgets.find("token a"), first);
}

}  // namespace
}  // namespace gatehouse::identity
