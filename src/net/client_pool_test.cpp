#include "net/client_pool.hpp"

#include <gtest/gtest.h>

#include "async/run.hpp"
#include "async/task_group.hpp"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

Task<> wait_once(ClientPool& pool, ClientPool::OriginPtr origin, CallLimit& limit, bool& woken) {
  co_await pool.wait_for_slot(std::move(origin), limit);
  woken = !limit.stopped();
}

TEST(ClientPool, a_free_slot_goes_to_the_next_when_the_first_has_given_up) {
  boost::asio::io_context context{1};
  NullLogger log;
  TaskGroup tasks(context.get_executor(), log);
  DeadlineWheel wheel(context.get_executor());
  const AddressGuard guard(AddressGuard::Loopback::guarded);
  ClientPool pool(context.get_executor(), {.per_origin = 1});
  const ClientPool::OriginPtr origin = pool.origin("https://a.example");
  std::optional<ClientPool::Slot> slot = pool.try_take(origin, guard, Passage{});
  ASSERT_TRUE(slot);
  EXPECT_FALSE(pool.try_take(origin, guard, Passage{}));

  CancelSource gives_up;
  CallLimit first_limit(wheel, 1h, &gives_up);
  CallLimit second_limit(wheel, 1h, nullptr);
  bool first = false;
  bool second = false;
  auto work = boost::asio::make_work_guard(context);
  tasks.spawn("first", wait_once(pool, origin, first_limit, first));
  tasks.spawn("second", wait_once(pool, origin, second_limit, second));
  context.restart();  // the limits alone do not keep it running
  context.poll();
  ASSERT_EQ(origin->waiting.size(), 2U);
  slot.reset();       // calls the first
  gives_up.cancel();  // which has not looked yet
  context.poll();
  EXPECT_FALSE(first);
  EXPECT_TRUE(second);
  work.reset();
  run_to_end(context, tasks.shutdown());
}

}  // namespace
}  // namespace gatehouse::net
