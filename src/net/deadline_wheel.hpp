// DeadlineWheel: the coarse clock of one shard's connections. Setting and clearing a deadline,
// which happens several times per request, only links and unlinks an entry: no timer is touched
// unless the new deadline is the earliest. Used by the HTTP client and server. Deadlines pass up to
// one tick late, never early. A pending deadline does not keep the io_context running: the socket
// operation that it bounds does.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "async/task.hpp"

namespace gatehouse::net {

class DeadlineWheel;

/// One deadline that can be set and cleared any number of times. Cleared by its destruction; the
/// wheel must outlive it.
class Deadline final {
 public:
  /// `on_expiry` runs on the shard, outside of any other call, once per set(); it may set or
  /// destroy any deadline, its own included.
  Deadline(DeadlineWheel& wheel, std::function<void()> on_expiry);
  ~Deadline() { clear(); }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// Replaces an earlier setting.
  void set(std::chrono::steady_clock::duration from_now);
  void clear();
  bool is_set() const { return linked_; }

 private:
  friend class DeadlineWheel;
  DeadlineWheel& wheel_;
  std::function<void()> on_expiry_;
  Deadline* previous_ = nullptr;
  Deadline* next_ = nullptr;
  std::uint64_t tick_ = 0;
  bool linked_ = false;
};

class DeadlineWheel final {
 public:
  static constexpr std::chrono::milliseconds kTick{20};

  explicit DeadlineWheel(Executor executor);
  /// Every Deadline must be gone.
  ~DeadlineWheel();
  DeadlineWheel(const DeadlineWheel&) = delete;
  DeadlineWheel& operator=(const DeadlineWheel&) = delete;

 private:
  friend class Deadline;
  static constexpr std::size_t kSlots = 1024;  ///< 20 s; later deadlines go around

  void link(Deadline& deadline);
  void unlink(Deadline& deadline);
  void schedule(std::uint64_t tick);
  void schedule_next();
  void on_timer();
  std::uint64_t tick_of(std::chrono::steady_clock::time_point time) const;

  struct Alarm;
  std::shared_ptr<Alarm> alarm_;
  std::chrono::steady_clock::time_point start_;
  std::array<Deadline*, kSlots> slots_{};
  std::array<std::uint64_t, kSlots / 64> occupied_{};  ///< one bit per slot
  std::size_t count_ = 0;
  std::uint64_t swept_ = 0;       ///< every slot up to this tick has been looked at
  std::uint64_t alarm_tick_ = 0;  ///< 0: no alarm is pending
};

}  // namespace gatehouse::net
