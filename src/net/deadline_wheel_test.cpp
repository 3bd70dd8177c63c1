#include "net/deadline_wheel.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "async/run.hpp"
#include "async/timer.hpp"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class DeadlineWheelTest : public testing::Test {
 protected:
  /// Runs the loop until `count` deadlines have passed; they do not keep it running themselves.
  void run_until_passed(std::size_t count) {
    const auto work = boost::asio::make_work_guard(context);
    context.restart();
    while (passed.size() < count) context.run_one();
  }

  boost::asio::io_context context{1};
  DeadlineWheel wheel{context.get_executor()};
  std::vector<int> passed;
};

TEST_F(DeadlineWheelTest, deadlines_pass_in_order_and_never_early) {
  const auto started = Clock::now();
  Deadline later(wheel, [&] { passed.push_back(2); });
  Deadline sooner(wheel, [&] {
    EXPECT_GE(Clock::now() - started, 30ms);
    passed.push_back(1);
  });
  later.set(90ms);
  sooner.set(30ms);
  run_until_passed(2);
  EXPECT_EQ(passed, (std::vector{1, 2}));
  EXPECT_FALSE(later.is_set());
}

TEST_F(DeadlineWheelTest, cleared_and_destroyed_deadlines_do_not_pass) {
  Deadline cleared(wheel, [&] { passed.push_back(0); });
  std::optional<Deadline> destroyed;
  destroyed.emplace(wheel, [&] { passed.push_back(0); });
  Deadline last(wheel, [&] { passed.push_back(1); });
  cleared.set(20ms);
  destroyed->set(20ms);
  last.set(60ms);
  cleared.clear();
  destroyed.reset();
  run_until_passed(1);
  EXPECT_EQ(passed, (std::vector{1}));
}

TEST_F(DeadlineWheelTest, a_deadline_can_set_itself_anew_and_clear_its_neighbours) {
  std::optional<Deadline> neighbour;
  Deadline again(wheel, [&] {
    passed.push_back(1);
    neighbour.reset();
    if (passed.size() < 3) again.set(0ms);
  });
  neighbour.emplace(wheel, [&] { passed.push_back(7); });
  again.set(20ms);
  neighbour->set(400ms);
  run_until_passed(3);
  EXPECT_EQ(passed, (std::vector{1, 1, 1}));
}

TEST_F(DeadlineWheelTest, far_deadlines_share_slots_with_near_ones) {
  constexpr auto kRound = DeadlineWheel::kTick * 1024;
  Deadline far(wheel, [&] { passed.push_back(9); });
  Deadline near(wheel, [&] { passed.push_back(1); });
  far.set(kRound + 40ms);
  near.set(40ms);
  run_until_passed(1);
  EXPECT_EQ(passed, (std::vector{1}));
  EXPECT_TRUE(far.is_set());
}

TEST_F(DeadlineWheelTest, pending_deadlines_do_not_keep_the_loop_running) {
  Deadline far(wheel, [] {});
  far.set(1h);
  const auto started = Clock::now();
  context.restart();
  context.run();
  EXPECT_LT(Clock::now() - started, 10min);
}

}  // namespace
}  // namespace gatehouse::net
