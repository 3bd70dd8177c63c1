#include <gtest/gtest.h>

#include <thread>

#include "async/cancel.hpp"
#include "async/condition.hpp"
#include "async/mailbox.hpp"
#include "async/run.hpp"
#include "async/shield.hpp"
#include "async/single_flight.hpp"
#include "async/start.hpp"
#include "async/task_group.hpp"
#include "async/timer.hpp"
#include "async/workers.hpp"

namespace gatehouse {
namespace {

using namespace std::chrono_literals;

Task<Result<int>> answer(int value) {
  co_return value;
}

Task<Result<int>> wait_forever(Executor executor) {
  Condition never(executor);
  co_await never.wait();
  co_return 0;
}

Task<Result<int>> throwing() {
  throw std::runtime_error("broken");
  co_return 0;
}

TEST(WithTimeout, returns_the_result_of_work_that_ends_in_time) {
  boost::asio::io_context context;
  EXPECT_EQ(run_to_end(context, with_timeout<int>(1h, answer(7), "work")), 7);
}

TEST(WithTimeout, reports_a_timeout_and_ends_the_work) {
  boost::asio::io_context context;
  const Result<int> result = run_to_end(
      context, with_timeout<int>(1ms, wait_forever(context.get_executor()), "the probe"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::timeout);
  EXPECT_EQ(result.error().detail, "the probe took longer than 0.001 s");
}

TEST(WithTimeout, passes_exceptions_on) {
  boost::asio::io_context context;
  EXPECT_THROW(run_to_end(context, with_timeout<int>(1h, throwing(), "work")), std::runtime_error);
}

Task<> shut_down(TaskGroup& group) {
  co_await group.shutdown();
}

Task<> wait_on(Condition& condition, bool& ended) {
  try {
    co_await condition.wait();
  } catch (const boost::system::system_error&) {
    ended = true;
    throw;
  }
}

TEST(TaskGroup, cancels_and_awaits_its_tasks_at_shutdown) {
  boost::asio::io_context context;
  NullLogger logger;
  TaskGroup group(context.get_executor(), logger);
  Condition never(context.get_executor());
  bool ended = false;
  group.spawn("waiter", wait_on(never, ended));
  run_to_end(context, shut_down(group));
  EXPECT_TRUE(ended);
  EXPECT_EQ(group.size(), 0U);
}

Task<Result<int>> slow_count(Executor executor, int& starts) {
  ++starts;
  ShardTimer timer(executor, 1ms);
  co_await sleep_for(1ms);
  co_return starts;
}

Task<> join_flight(SingleFlight<std::string, int>& flights, Executor executor, int& starts,
                   int& sum) {
  const Result<int> result =
      co_await flights.run("key", [executor, &starts] { return slow_count(executor, starts); });
  sum += result.value();
}

TEST(SingleFlight, shares_one_attempt_among_all_who_ask_meanwhile) {
  boost::asio::io_context context;
  NullLogger logger;
  TaskGroup group(context.get_executor(), logger);
  SingleFlight<std::string, int> flights(group);
  int starts = 0;
  int sum = 0;
  for (int i = 0; i < 5; ++i)
    group.spawn("join", join_flight(flights, context.get_executor(), starts, sum));
  run_to_end(context, group.drain());
  EXPECT_EQ(starts, 1);
  EXPECT_EQ(sum, 5);
  EXPECT_EQ(flights.size(), 0U);
}

Task<std::thread::id> worker_thread(Workers& workers) {
  co_return co_await workers.run([] { return std::this_thread::get_id(); });
}

TEST(Workers, run_functions_on_another_thread_and_resume_on_the_shard) {
  boost::asio::io_context context;
  Workers workers(1);
  EXPECT_NE(run_to_end(context, worker_thread(workers)), std::this_thread::get_id());
}

Task<int> pop_all(Mailbox<int>& box) {
  int sum = 0;
  while (const std::optional<int> item = co_await box.pop()) sum += *item;
  co_return sum;
}

TEST(Mailbox, refuses_what_exceeds_its_capacity_and_delivers_the_rest) {
  boost::asio::io_context context;
  Mailbox<int> box(context.get_executor(), 2);
  EXPECT_TRUE(box.push(1));
  EXPECT_TRUE(box.push(2));
  EXPECT_FALSE(box.push(4));
  box.close();
  EXPECT_EQ(run_to_end(context, pop_all(box)), 3);
}

TEST(CancelSource, runs_callbacks_once_and_forgets_removed_ones) {
  CancelSource source;
  int kept = 0;
  int removed = 0;
  const CancelSource::Registration first = source.on_cancel([&] { ++kept; });
  {
    const CancelSource::Registration second = source.on_cancel([&] { ++removed; });
  }
  source.cancel();
  source.cancel();
  EXPECT_EQ(kept, 1);
  EXPECT_EQ(removed, 0);
}

Task<> stay_until_ended(Condition& condition, bool& ended) {
  co_await ignore_cancellation();
  while (!ended) co_await condition.wait();
}

Task<> release_after_a_turn(Condition& condition, bool& ended) {
  co_await sleep_for(1ms);
  ended = true;
  condition.notify_all();
}

TEST(IgnoreCancellation, lets_a_task_end_by_itself) {
  boost::asio::io_context context;
  NullLogger logger;
  TaskGroup group(context.get_executor(), logger);
  TaskGroup others(context.get_executor(), logger);
  Condition condition(context.get_executor());
  bool ended = false;
  group.spawn("shielded", stay_until_ended(condition, ended));
  others.spawn("release", release_after_a_turn(condition, ended));
  run_to_end(context, shut_down(group));
  EXPECT_TRUE(ended);
}

Task<Result<int>> wait_twice(Executor executor, int& waits) {
  for (; waits < 2; ++waits) {
    try {
      Condition never(executor);
      co_await never.wait();
    } catch (const boost::system::system_error&) {
      continue;
    }
  }
  co_return 0;
}

TEST(Cancellation, makes_every_later_wait_throw) {
  boost::asio::io_context context;
  int waits = 0;
  const Result<int> result = run_to_end(
      context, with_timeout<int>(1ms, wait_twice(context.get_executor(), waits), "the probe"));
  EXPECT_EQ(waits, 2);
  EXPECT_EQ(result, 0);
}

struct Witness {
  explicit Witness(int& destroyed) : destroyed(destroyed) {}
  ~Witness() { ++destroyed; }
  int& destroyed;
};

Task<> sleep_with(int& destroyed, Duration how_long) {
  const Witness witness(destroyed);
  co_await sleep_for(how_long);
}

Task<Result<void>> sleep_inside(int& destroyed) {
  const Witness witness(destroyed);
  co_await sleep_with(destroyed, 1h);
  co_return Result<void>{};
}

Task<> sleep_bounded(int& destroyed) {
  const Witness witness(destroyed);
  (void)co_await with_timeout<void>(1h, sleep_inside(destroyed), "sleep");
}

TEST(Tasks, are_destroyed_with_all_their_frames_when_the_event_loop_goes) {
  int destroyed = 0;
  bool ended = false;
  {
    boost::asio::io_context context;
    start(context.get_executor(), sleep_bounded(destroyed),
          [&](const std::exception_ptr&) { ended = true; });
    context.poll();
    start(context.get_executor(), sleep_with(destroyed, 1h),
          [&](const std::exception_ptr&) { ended = true; });
  }
  EXPECT_EQ(destroyed, 3);  // the second task had not begun
  EXPECT_FALSE(ended);
}

Task<int> add_up(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await add_up(depth - 1);
}

Task<int> add_often() {
  int sum = 0;
  for (int i = 0; i < 100'000; ++i) sum += co_await add_up(1);
  co_return sum;
}

TEST(Tasks, await_each_other_without_growing_the_stack) {
  boost::asio::io_context context;
  EXPECT_EQ(run_to_end(context, add_up(1000)), 1000);
  EXPECT_EQ(run_to_end(context, add_often()), 100'000);
}

}  // namespace
}  // namespace gatehouse
