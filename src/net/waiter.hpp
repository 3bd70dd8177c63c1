// Waiter: one coroutine sleeps until a callback of the same shard wakes it. What Condition does,
// without a timer behind it: for the inner loops of connections and channels. Private to net/.
#pragma once

#include <boost/asio/post.hpp>
#include <cassert>
#include <utility>

#include "async/task.hpp"

namespace gatehouse::net {

class Waiter final {
 public:
  class Sleep final {
   public:
    using is_wait = void;
    explicit Sleep(Waiter& waiter) : waiter_(waiter) {}
    bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> at) const {
      const auto on_cancel = [](void* waiter) { static_cast<Waiter*>(waiter)->cancel(); };
      waiter_.sleeper_ = gatehouse::detail::Sleeper(*at.promise().run, at, on_cancel, &waiter_);
      waiter_.cancelled_ = false;
    }
    void await_resume() const {
      if (std::exchange(waiter_.cancelled_, false)) gatehouse::detail::throw_cancelled();
    }

   private:
    Waiter& waiter_;
  };

  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  bool waiting() const { return static_cast<bool>(sleeper_); }

  /// Returns after the next wake(); look at the state again then. Throws operation_aborted when the
  /// task is cancelled. At most one task waits; the waiter outlives it.
  Sleep wait() {
    assert(!waiting());
    return Sleep(*this);
  }

  /// Resumes the task before this returns, so call it last. Nothing happens when none waits.
  void wake() {
    if (!waiting()) return;
    gatehouse::detail::Sleeper sleeper = std::move(sleeper_);
    sleeper.resume();
  }

  /// Destroys the sleeping task instead of resuming it, for when its io_context runs no more.
  void abandon() { const gatehouse::detail::Sleeper dropped = std::move(sleeper_); }

 private:
  void cancel() {
    if (!waiting()) return;
    cancelled_ = true;
    const Executor executor = sleeper_.executor();
    boost::asio::post(executor, std::move(sleeper_));
  }

  gatehouse::detail::Sleeper sleeper_;
  bool cancelled_ = false;
};

}  // namespace gatehouse::net
