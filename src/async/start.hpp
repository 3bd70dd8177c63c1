// start: sets a task going on a shard. What is below TaskGroup and run_to_end(); use those where
// they fit.
#pragma once

#include <boost/asio/dispatch.hpp>

#include "async/task.hpp"

namespace gatehouse {
namespace detail {

/// From here on nobody can cancel the task, which is at its end.
struct DropControl {};

/// The outermost coroutine of a started task. Its frame frees itself at the end.
struct Main {
  struct promise_type final : Promise {
    template <class... Rest>
    promise_type(const Executor& executor, TaskControl* control, Rest&...)
        : storage(executor, control, std::coroutine_handle<promise_type>::from_promise(*this)) {
      run = &storage;
    }
    Main get_return_object() noexcept {
      return {Sleeper(storage, std::coroutine_handle<promise_type>::from_promise(*this), nullptr,
                      nullptr)};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    using Promise::await_transform;
    std::suspend_never await_transform(DropControl) {
      storage.drop_control();
      return {};
    }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() { throw; }

    Run storage;
  };
  Sleeper sleeper;
};

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): what is left are values
template <class OnEnd>
Main run_main(Executor /*executor*/, TaskControl* /*control*/, Task<void> work, OnEnd on_end) {
  std::exception_ptr exception;
  try {
    co_await Task<void>(std::move(work));
  } catch (...) {
    exception = std::current_exception();
  }
  co_await DropControl{};
  on_end(std::move(exception));
}

template <class T, class OnEnd>
Main run_main(Executor /*executor*/, TaskControl* /*control*/, Task<T> work, OnEnd on_end) {
  std::exception_ptr exception;
  std::optional<T> value;
  try {
    value.emplace(co_await Task<T>(std::move(work)));
  } catch (...) {
    exception = std::current_exception();
  }
  co_await DropControl{};
  on_end(std::move(exception), std::move(value));
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

}  // namespace detail

/// Starts `work` on the shard of `executor`: at once when called there, from its event loop
/// otherwise. `on_end(exception)`, or `on_end(exception, optional value)`, runs on that shard when
/// the work has ended and its frames are gone; it must not throw. The shard's io_context keeps
/// running until then; when it is destroyed before, so is the task, without on_end.
template <class T, class OnEnd>
void start(const Executor& executor, Task<T> work, OnEnd on_end, TaskControl* control = nullptr) {
  detail::Main main = detail::run_main(executor, control, std::move(work), std::move(on_end));
  boost::asio::dispatch(executor, std::move(main.sleeper));
}

}  // namespace gatehouse
