// Event: one task waits for something that callbacks of the same shard bring about. Lighter than a
// Condition: no timer, and the waiting task is resumed within fire(). Used by the client's
// connections.
#pragma once

#include <functional>

#include "async/task.hpp"

namespace gatehouse::net {

class Event final {
 public:
  explicit Event(Executor executor) : executor_(executor) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Returns when fire() has been called since the last reset(), at once if it already was. At most
  /// one task waits. Throws operation_aborted when the task is cancelled.
  Task<> wait();
  /// Sticky. Resumes the waiting task inside this call: make it the last thing a callback does.
  void fire();
  /// The same, but the task resumes later, from the event loop.
  void fire_later();
  void reset() { fired_ = false; }
  /// Destroys the waiting task, which will never run again: its event loop is being destroyed.
  void abandon();
  bool fired() const { return fired_; }

 private:
  Executor executor_;
  std::move_only_function<void()> waiter_;
  bool fired_ = false;
};

}  // namespace gatehouse::net
