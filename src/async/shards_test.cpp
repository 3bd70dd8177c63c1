#include "async/shards.hpp"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/system/system_error.hpp>
#include <thread>

#include "async/condition.hpp"
#include "async/run.hpp"
#include "async/shield.hpp"
#include "async/timer.hpp"

namespace gatehouse {
namespace {

using namespace std::chrono_literals;

/// One loop here and one on a thread of its own.
struct TwoShards : testing::Test {
  TwoShards() : guard(there.get_executor()), thread([this] { there.run(); }) {}
  ~TwoShards() override {
    guard.reset();
    thread.join();
  }
  template <class T>
  T run(Task<T> work) {
    return run_to_end(here, std::move(work));
  }

  boost::asio::io_context here{1};
  boost::asio::io_context there{1};
  Shards shards{{here.get_executor(), there.get_executor()}};
  boost::asio::executor_work_guard<Executor> guard;
  std::thread thread;
};

Task<std::thread::id> thread_id() {
  co_return std::this_thread::get_id();
}

Task<std::string> join_text(const std::string& text, std::string_view more) {
  co_await sleep_for(1ms);
  co_return text + std::string(more);
}

Task<int> throwing() {
  co_await sleep_for(0ms);
  throw std::runtime_error("broken there");
}

Task<int> one(const int& before) {
  co_return before + 1;
}

Task<int> count_on(const Shards& shards, int rounds) {
  int count = 0;
  for (int round = 0; round < rounds; ++round)
    count = co_await shards.run<int>(1, [&count] { return one(count); });
  co_return count;
}

TEST_F(TwoShards, work_runs_on_the_other_thread_and_its_value_arrives_here) {
  EXPECT_EQ(run(shards.run<std::thread::id>(1, thread_id)), thread.get_id());
  EXPECT_EQ(run(shards.run<std::thread::id>(0, thread_id)), std::this_thread::get_id());
}

TEST_F(TwoShards, work_may_use_the_locals_of_who_waits) {
  const std::string text = "over there ";
  EXPECT_EQ(run(shards.run<std::string>(1, [&] { return join_text(text, "and back"); })),
            "over there and back");
  EXPECT_EQ(run(count_on(shards, 200)), 200);
}

TEST_F(TwoShards, an_exception_crosses) {
  EXPECT_THROW(run(shards.run<int>(1, throwing)), std::runtime_error);
}

Task<Result<int>> wait_there(bool& ended) {
  struct Note {
    bool& ended;
    ~Note() { ended = true; }
  } note{ended};
  Condition never(co_await boost::asio::this_coro::executor);
  co_await never.wait();
  co_return 0;
}

TEST_F(TwoShards, cancelling_who_waits_ends_the_work_before_the_wait_ends) {
  bool ended = false;
  const Result<int> result = run(
      with_timeout<int>(5ms, shards.run<Result<int>>(1, [&] { return wait_there(ended); }), "it"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::timeout);
  EXPECT_TRUE(ended);
}

Task<Result<int>> finish_in_spite(bool& finished) {
  co_await ignore_cancellation();
  co_await sleep_for(30ms);
  finished = true;
  co_return 1;
}

TEST_F(TwoShards, work_that_shields_itself_is_awaited) {
  bool finished = false;
  (void)run(with_timeout<int>(
      1ms, shards.run<Result<int>>(1, [&] { return finish_in_spite(finished); }), "it"));
  EXPECT_TRUE(finished);
}

Task<bool> until_cancelled(CancelSource& cancel) {
  Condition told(co_await boost::asio::this_coro::executor);
  const auto registration = cancel.on_cancel([&] { told.notify_all(); });
  while (!cancel.cancelled()) co_await told.wait();
  co_return true;
}

Task<bool> cancel_across(const Shards& shards, CancelSource& source, bool before) {
  if (before) source.cancel();
  CancelRelay relay(&source, shards.loop(1));
  if (!before) shards.post(0, [&source] { source.cancel(); });
  co_return co_await shards.run<bool>(1, [&] { return until_cancelled(relay.there()); });
}

TEST_F(TwoShards, a_cancel_source_reaches_the_work) {
  CancelSource late;
  EXPECT_TRUE(run(cancel_across(shards, late, false)));
  CancelSource early;
  EXPECT_TRUE(run(cancel_across(shards, early, true)));
}

Task<bool> post_back(const Shards& shards, std::vector<int>& into) {
  for (int i = 0; i < 100; ++i) shards.post(0, [&into, i] { into.push_back(i); });
  co_return true;
}

Task<std::vector<int>> in_order(const Shards& shards) {
  std::vector<int> seen;
  co_await shards.run<bool>(1, [&] { return post_back(shards, seen); });
  co_return seen;
}

TEST_F(TwoShards, what_the_work_posted_has_run_when_its_end_is_seen) {
  EXPECT_EQ(run(in_order(shards)).size(), 100U);
}

}  // namespace
}  // namespace gatehouse
