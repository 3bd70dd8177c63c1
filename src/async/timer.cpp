#include "async/timer.hpp"

#include <fmt/format.h>

#include "async/start.hpp"
#include "async/use_task.hpp"

namespace gatehouse {

Task<> sleep_for(Duration duration) {
  ShardTimer timer(co_await boost::asio::this_coro::executor, duration);
  co_await timer.async_wait(use_task);
}

namespace detail {

namespace {

/// Work as a task of its own beside a timer; the waiting task goes on when both have ended. Owned
/// by their handlers, so that nothing of it is left when the event loop goes.
struct Race {
  explicit Race(Executor executor) : timer(executor) {}
  void on_one_ended() {
    if (--open == 0) waiting.resume();
  }
  ShardTimer timer;
  TaskControl work;
  Sleeper waiting;
  int open = 2;
};

class RaceWait final {
 public:
  using is_wait = void;
  RaceWait(Duration limit, Task<> work) : limit_(limit), work_(std::move(work)) {}

  bool await_ready() const noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> at) {
    const Executor executor = at.promise().run->executor();
    const auto race = std::make_shared<Race>(executor);
    const auto cancel = [](void* raw) {
      static_cast<Race*>(raw)->work.cancel();
      static_cast<Race*>(raw)->timer.cancel();
    };
    race->waiting = Sleeper(*at.promise().run, at, cancel, race.get());
    race->timer.expires_after(limit_);
    // The timer's handler never runs within this call, so that the task is not resumed here.
    race->timer.async_wait([race](const boost::system::error_code&) {
      race->work.cancel();
      race->on_one_ended();
    });
    start(
        executor, std::move(work_),
        [race](const std::exception_ptr&) {
          race->timer.cancel();
          race->on_one_ended();
        },
        &race->work);
  }
  void await_resume() const noexcept {}

 private:
  Duration limit_;
  Task<> work_;
};

}  // namespace

Task<> run_at_most(Duration limit, Task<> work) {
  co_await RaceWait(limit, std::move(work));
}

void rethrow(const std::exception_ptr& exception) {
  std::rethrow_exception(exception);
}

bool is_cancellation(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const boost::system::system_error& error) {
    return error.code() == boost::asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

Error timeout_error(Duration limit, const std::string& what) {
  const double seconds = std::chrono::duration<double>(limit).count();
  return {Errc::timeout, fmt::format("{} took longer than {:g} s", what, seconds), {}};
}

}  // namespace detail
}  // namespace gatehouse
