// CallDeadline: how long one request may still take. Progress extends it, up to an absolute maximum
// (C-1); time in which a person is asked does not count. Driven by the peers. Pure.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace gatehouse::mcp_client {

class CallDeadline final {
 public:
  CallDeadline(SteadyTime now, std::chrono::milliseconds timeout)
      : timeout_(timeout),
        at_(now + timeout),
        last_(now + std::max<std::chrono::milliseconds>(timeout, limits::kCallTimeoutMax)) {}

  void on_progress(SteadyTime now) { at_ = std::min(now + timeout_, last_); }
  /// A person was asked for so long.
  void exempt(SteadyTime::duration spent) {
    at_ += spent;
    last_ += spent;
  }
  bool expired(SteadyTime now) const { return now >= at_; }
  /// At least 1 ms, so that it can be given as a timeout.
  std::chrono::milliseconds remaining(SteadyTime now) const {
    return std::max(std::chrono::milliseconds(1),
                    std::chrono::ceil<std::chrono::milliseconds>(at_ - now));
  }

 private:
  std::chrono::milliseconds timeout_;
  SteadyTime at_;
  SteadyTime last_;
};

}  // namespace gatehouse::mcp_client
