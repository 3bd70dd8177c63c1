#include "oauth_client/device_poll.hpp"

#include <algorithm>

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;
using oauth::DeviceAnswer;
using std::chrono::milliseconds;

constexpr milliseconds kSlowDown = 5s;  // RFC 8628 §3.5
constexpr milliseconds kLongestPause = oauth::kLongestPollInterval;

}  // namespace

DevicePoll::DevicePoll(std::chrono::seconds interval, SteadyTime deadline, std::string login_hint)
    : interval_(std::clamp<milliseconds>(interval, oauth::kShortestPollInterval, kLongestPause)),
      deadline_(deadline),
      login_hint_(std::move(login_hint)) {}

DevicePoll::Decision DevicePoll::expired() const {
  std::string detail = "nobody finished the sign-in before the code ended";
  if (!last_fault_.empty()) detail += "; the last request failed: " + last_fault_;
  return {Step::fail, 0ms, Error{Errc::sign_in_required, std::move(detail), login_hint_}};
}

DevicePoll::Decision DevicePoll::wait(milliseconds delay, SteadyTime now) const {
  if (now >= deadline_) return expired();
  const auto left = std::chrono::ceil<milliseconds>(deadline_ - now);
  return {Step::wait, std::min(delay, left), std::nullopt};
}

DevicePoll::Decision DevicePoll::wait_longer(SteadyTime now) {
  pause_ = std::min(std::max(pause_, interval_) * 2, kLongestPause);
  return wait(pause_, now);
}

DevicePoll::Decision DevicePoll::on_wake(SteadyTime now) const {
  if (now >= deadline_) return expired();
  return {Step::ask, 0ms, std::nullopt};
}

DevicePoll::Decision DevicePoll::on_answer(DeviceAnswer answer, const Error& error,
                                           SteadyTime now) {
  switch (answer) {
    case DeviceAnswer::tokens:
      return {Step::take, 0ms, std::nullopt};
    case DeviceAnswer::pending:
      last_fault_.clear();
      pause_ = 0ms;
      // It would not say so if it had given the tokens away.
      answer_lost_ = false;
      return wait(interval_, now);
    case DeviceAnswer::slow_down:
      interval_ = std::min(interval_ + kSlowDown, kLongestPause);
      return wait(std::max(interval_, pause_), now);
    case DeviceAnswer::unable:
      last_fault_ = error.detail;
      // A success that could not be read may have been the tokens, spoilt on their way.
      if (error.code == Errc::protocol) answer_lost_ = true;
      return wait_longer(now);
    case DeviceAnswer::expired:
      if (answer_lost_) break;
      return expired();
    case DeviceAnswer::denied:
      return {Step::fail, 0ms,
              Error{Errc::rejected, "the sign-in was declined: " + error.detail, login_hint_}};
    case DeviceAnswer::refused:
      if (answer_lost_ && error.code != Errc::invalid_client) break;
      return {Step::fail, 0ms,
              Error{error.code == Errc::invalid_grant ? Errc::rejected : error.code, error.detail,
                    error.hint.empty() || error.code == Errc::invalid_grant ? login_hint_
                                                                            : error.hint}};
  }
  // A device code works once: its answer was on the way when the connection broke.
  return {Step::fail, 0ms,
          Error{Errc::outcome_unknown,
                "an answer of the token endpoint was lost, and now it refuses the code: " +
                    error.detail,
                login_hint_ + " again"}};
}

DevicePoll::Decision DevicePoll::on_no_answer(const Error& error, SteadyTime now) {
  last_fault_ = error.detail;
  if (error.code == Errc::outcome_unknown || error.code == Errc::too_large) answer_lost_ = true;
  // Our own rules do not change by waiting.
  if (error.code == Errc::blocked_address || error.code == Errc::policy ||
      error.code == Errc::invalid_argument || error.code == Errc::cancelled) {
    return {Step::fail, 0ms, error};
  }
  return wait_longer(now);
}

}  // namespace gatehouse::oauth_client
