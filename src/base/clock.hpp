// Clock: the one source of time. Code that decides takes time as an argument; code that drives it
// asks a Clock.
#pragma once

#include <chrono>
#include <string>

namespace gatehouse {

using SystemTime =
    std::chrono::sys_time<std::chrono::milliseconds>;      ///< UTC, absolute; what is stored
using SteadyTime = std::chrono::steady_clock::time_point;  ///< for durations within a process

class Clock {
 public:
  virtual ~Clock() = default;
  virtual SystemTime now() const = 0;
  virtual SteadyTime steady_now() const = 0;
};

/// The machine's clock.
class RealClock final : public Clock {
 public:
  SystemTime now() const override;
  SteadyTime steady_now() const override;
};

/// A clock that tests move by hand.
class ManualClock final : public Clock {
 public:
  SystemTime now() const override { return now_; }
  SteadyTime steady_now() const override { return steady_; }
  void advance(std::chrono::milliseconds by) {
    now_ += by;
    steady_ += by;
  }
  /// Moves only the wall clock, as an administrator or a bad NTP server does.
  void jump(std::chrono::milliseconds by) { now_ += by; }

 private:
  SystemTime now_{std::chrono::milliseconds{1'800'000'000'000}};
  SteadyTime steady_{};
};

/// RFC 3339, UTC, seconds: 2026-11-21T10:30:00Z.
std::string to_rfc3339(SystemTime time);

}  // namespace gatehouse
