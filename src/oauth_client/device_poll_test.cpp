#include "oauth_client/device_poll.hpp"

#include <gtest/gtest.h>

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;
using oauth::DeviceAnswer;
using Step = DevicePoll::Step;

SteadyTime at(std::chrono::milliseconds time) {
  return SteadyTime(time);
}

DevicePoll poll(std::chrono::seconds interval = 5s, std::chrono::seconds life = 600s) {
  return {interval, at(life), "run `gatehouse login demo`"};
}

Error error(Errc code) {
  return {code, "the server's words", {}};
}

TEST(DevicePoll, waits_one_interval_before_it_asks) {
  DevicePoll device = poll(7s);
  EXPECT_EQ(device.begin(at(0s)).step, Step::wait);
  EXPECT_EQ(device.begin(at(0s)).delay, 7s);
  EXPECT_EQ(device.on_wake(at(7s)).step, Step::ask);
  EXPECT_EQ(device.on_answer(DeviceAnswer::pending, {}, at(7s)).delay, 7s);
  EXPECT_EQ(device.on_answer(DeviceAnswer::tokens, {}, at(14s)).step, Step::take);
}

TEST(DevicePoll, slow_down_adds_five_seconds_for_good) {
  DevicePoll device = poll();
  EXPECT_EQ(device.on_answer(DeviceAnswer::slow_down, {}, at(5s)).delay, 10s);
  EXPECT_EQ(device.on_answer(DeviceAnswer::pending, {}, at(15s)).delay, 10s);
  EXPECT_EQ(device.on_answer(DeviceAnswer::slow_down, {}, at(25s)).delay, 15s);
}

TEST(DevicePoll, faults_are_waited_out_less_and_less_often_and_forgotten_afterwards) {
  DevicePoll device = poll();
  EXPECT_EQ(device.on_no_answer(error(Errc::unavailable), at(5s)).delay, 10s);
  EXPECT_EQ(device.on_answer(DeviceAnswer::unable, error(Errc::server_error), at(15s)).delay, 20s);
  EXPECT_EQ(device.on_no_answer(error(Errc::timeout), at(35s)).delay, 40s);
  EXPECT_EQ(device.on_no_answer(error(Errc::timeout), at(75s)).delay, 60s);
  EXPECT_EQ(device.on_no_answer(error(Errc::timeout), at(135s)).delay, 60s);
  EXPECT_EQ(device.on_answer(DeviceAnswer::pending, {}, at(195s)).delay, 5s);
}

TEST(DevicePoll, ends_with_the_code_and_not_before) {
  DevicePoll device = poll(60s, 100s);
  EXPECT_EQ(device.on_answer(DeviceAnswer::pending, {}, at(60s)).delay, 40s);
  const auto end = device.on_wake(at(100s));
  EXPECT_EQ(end.step, Step::fail);
  EXPECT_EQ(end.error->code, Errc::sign_in_required);
  EXPECT_NE(end.error->hint.find("gatehouse login demo"), std::string::npos);
}

TEST(DevicePoll, the_last_fault_is_told_when_the_code_ends) {
  DevicePoll device = poll();
  (void)device.on_no_answer(error(Errc::unavailable), at(590s));
  EXPECT_NE(device.on_wake(at(600s)).error->detail.find("the server's words"), std::string::npos);
}

TEST(DevicePoll, a_definite_word_of_the_server_ends_it) {
  EXPECT_EQ(poll().on_answer(DeviceAnswer::denied, error(Errc::rejected), at(5s)).error->code,
            Errc::rejected);
  EXPECT_EQ(poll().on_answer(DeviceAnswer::expired, error(Errc::rejected), at(5s)).error->code,
            Errc::sign_in_required);
  EXPECT_EQ(
      poll().on_answer(DeviceAnswer::refused, error(Errc::invalid_client), at(5s)).error->code,
      Errc::invalid_client);
}

TEST(DevicePoll, a_refusal_after_a_lost_answer_says_that_the_outcome_is_unknown) {
  DevicePoll device = poll();
  EXPECT_EQ(device.on_no_answer(error(Errc::outcome_unknown), at(5s)).step, Step::wait);
  const auto end = device.on_answer(DeviceAnswer::refused, error(Errc::invalid_grant), at(15s));
  EXPECT_EQ(end.error->code, Errc::outcome_unknown);
  DevicePoll other = poll();
  (void)other.on_no_answer(error(Errc::outcome_unknown), at(5s));
  (void)other.on_answer(DeviceAnswer::pending, {}, at(15s));
  EXPECT_EQ(other.on_answer(DeviceAnswer::refused, error(Errc::invalid_grant), at(20s)).error->code,
            Errc::rejected);
}

TEST(DevicePoll, a_success_that_could_not_be_read_counts_as_a_lost_answer) {
  DevicePoll device = poll();
  EXPECT_EQ(device.on_answer(DeviceAnswer::unable, error(Errc::protocol), at(5s)).step, Step::wait);
  const auto end = device.on_answer(DeviceAnswer::refused, error(Errc::invalid_grant), at(15s));
  EXPECT_EQ(end.error->code, Errc::outcome_unknown);
  DevicePoll other = poll();
  (void)other.on_answer(DeviceAnswer::unable, error(Errc::server_error), at(5s));
  EXPECT_EQ(other.on_answer(DeviceAnswer::refused, error(Errc::invalid_grant), at(15s)).error->code,
            Errc::rejected);
}

TEST(DevicePoll, what_our_own_rules_refuse_is_not_tried_again) {
  EXPECT_EQ(poll().on_no_answer(error(Errc::blocked_address), at(5s)).step, Step::fail);
}

TEST(DevicePoll, an_interval_of_nothing_or_of_days_is_bounded) {
  EXPECT_EQ(poll(0s).begin(at(0s)).delay, 1s);
  EXPECT_EQ(poll(86400s, 3600s).begin(at(0s)).delay, 60s);
}

}  // namespace
}  // namespace gatehouse::oauth_client
