#include "async/cancellable.hpp"

#include <gtest/gtest.h>

#include "async/condition.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"

namespace gatehouse {
namespace {

Task<Result<int>> give(int value) {
  co_return value;
}

Task<Result<int>> wait_forever(Condition& never, bool& ended) {
  const std::shared_ptr<void> left(nullptr, [&ended](void*) { ended = true; });
  while (true) co_await never.wait();
}

Task<> cancel_soon(CancelSource& source) {
  co_await sleep_for(Duration(0));
  source.cancel();
}

struct Fixture {
  boost::asio::io_context context;
  NullLogger log;
  TaskGroup tasks{context.get_executor(), log};
  Condition never{context.get_executor()};
  CancelSource source;
};

TEST(UnlessCancelled, gives_the_result_of_work_that_ends_first) {
  Fixture f;
  EXPECT_EQ(run_to_end(f.context, unless_cancelled(f.source, give(7))), 7);
  EXPECT_FALSE(f.source.cancelled());
}

TEST(UnlessCancelled, ends_work_that_is_given_up_and_returns_then) {
  Fixture f;
  bool ended = false;
  f.tasks.spawn("cancel", cancel_soon(f.source));
  const auto result =
      run_to_end(f.context, unless_cancelled(f.source, wait_forever(f.never, ended)));
  EXPECT_EQ(result.error().code, Errc::cancelled);
  EXPECT_TRUE(ended);
}

TEST(UnlessCancelled, does_not_begin_what_was_given_up_before) {
  Fixture f;
  f.source.cancel();
  EXPECT_EQ(run_to_end(f.context, unless_cancelled(f.source, give(7))).error().code,
            Errc::cancelled);
}

}  // namespace
}  // namespace gatehouse
