// Event: one task waits for something that callbacks of the same shard bring about. Lighter than a
// Condition: no timer, and the waiting task is resumed within fire(). Used by the client's
// connections.
#pragma once

#include "async/task.hpp"

namespace gatehouse::net {

class Event final {
 public:
  class Sleep final {
   public:
    using is_wait = void;
    explicit Sleep(Event& event) : event_(event) {}
    bool await_ready() const noexcept { return event_.fired_; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> at) const {
      assert(!event_.sleeper_);
      event_.sleeper_ =
          gatehouse::detail::Sleeper(*at.promise().run, at, &Event::on_cancel, &event_);
    }
    void await_resume() const {
      if (!event_.fired_) gatehouse::detail::throw_cancelled();
    }

   private:
    Event& event_;
  };

  explicit Event(Executor executor) : executor_(executor) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Returns when fire() has been called since the last reset(), at once if it already was. At most
  /// one task waits. Throws operation_aborted when the task is cancelled.
  Sleep wait() { return Sleep(*this); }
  /// Sticky. Resumes the waiting task inside this call: make it the last thing a callback does.
  void fire();
  /// The same, but the task resumes later, from the event loop.
  void fire_later();
  void reset() { fired_ = false; }
  /// Destroys the waiting task, which will never run again: its event loop is being destroyed.
  void abandon();
  bool fired() const { return fired_; }

 private:
  static void on_cancel(void* self);

  Executor executor_;
  gatehouse::detail::Sleeper sleeper_;
  bool fired_ = false;
};

}  // namespace gatehouse::net
