// Task<T>: a coroutine on a shard. A shard is one thread with one io_context; its state needs no
// locks (style: coroutines). A task is started with start() (async/start.hpp), a TaskGroup or
// run_to_end(); tasks that it awaits run within it, without passing through the event loop.
#pragma once

#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <cassert>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "async/frame_pool.hpp"

namespace gatehouse {

using Executor = boost::asio::io_context::executor_type;

template <class T>
class Task;

class TaskControl;

namespace detail {

[[noreturn]] void throw_cancelled();

/// One started task from its start to its end, with everything it awaits. Lives in the frame of its
/// outermost coroutine.
class Run final {
 public:
  Run(const Executor& executor, TaskControl* control, std::coroutine_handle<> main);
  ~Run();
  void drop_control();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Executor executor() const { return guard_.get_executor(); }
  void throw_if_cancelled() const {
    if (cancelled_) [[unlikely]]
      throw_cancelled();
  }
  /// The sleeping coroutine is resumed soon with operation_aborted, and each later co_await throws.
  void cancel();
  void ignore_cancellation() { cancellable_ = false; }
  /// Destroys the whole task, which sleeps.
  void destroy() { main_.destroy(); }

 private:
  friend class Sleeper;
  friend class gatehouse::TaskControl;
  bool cancellable_ = true;
  bool cancelled_ = false;
  void (*on_cancel_)(void*) = nullptr;
  void* sleeping_ = nullptr;
  TaskControl* control_;
  std::coroutine_handle<> main_;
  boost::asio::executor_work_guard<Executor> guard_;
};

/// The right to resume a sleeping coroutine, once. When it is destroyed instead, because the event
/// loop goes, the task is destroyed with it.
class Sleeper final {
 public:
  /// What brings the wait to an early end; must not resume the coroutine within the call.
  using OnCancel = void (*)(void*);

  Sleeper() = default;
  Sleeper(Run& run, std::coroutine_handle<> at, OnCancel on_cancel, void* waiting)
      : run_(&run), at_(at) {
    run.on_cancel_ = on_cancel;
    run.sleeping_ = waiting;
  }
  Sleeper(Sleeper&& other) noexcept : run_(std::exchange(other.run_, nullptr)), at_(other.at_) {}
  Sleeper& operator=(Sleeper&& other) noexcept {
    assert(run_ == nullptr);
    run_ = std::exchange(other.run_, nullptr);
    at_ = other.at_;
    return *this;
  }
  ~Sleeper() {
    if (run_ != nullptr) run_->destroy();
  }
  explicit operator bool() const { return run_ != nullptr; }
  Executor executor() const { return run_->executor(); }
  void resume() {
    Run* run = std::exchange(run_, nullptr);
    run->on_cancel_ = nullptr;
    at_.resume();
  }
  void operator()() { resume(); }

 private:
  Run* run_ = nullptr;
  std::coroutine_handle<> at_;
};

/// An awaitable that is not a Task: it suspends with a Sleeper.
template <class A>
concept Wait = requires { typename std::remove_cvref_t<A>::is_wait; };

struct IgnoreCancellation {};

class Promise {
 public:
  static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
  static void operator delete(void* memory, std::size_t bytes) noexcept {
    free_frame(memory, bytes);
  }

  template <class T>
  auto await_transform(Task<T>&& task) {
    run->throw_if_cancelled();
    return typename Task<T>::Awaiter{task.handle_};
  }
  template <Wait A>
  A&& await_transform(A&& wait) {
    run->throw_if_cancelled();
    return std::forward<A>(wait);
  }
  auto await_transform(boost::asio::this_coro::executor_t) {
    struct Now {
      Executor executor;
      bool await_ready() const noexcept { return true; }
      void await_suspend(std::coroutine_handle<>) const noexcept {}
      Executor await_resume() const noexcept { return executor; }
    };
    return Now{run->executor()};
  }
  std::suspend_never await_transform(IgnoreCancellation) {
    run->throw_if_cancelled();
    run->ignore_cancellation();
    return {};
  }

  Run* run = nullptr;  ///< set before the first resumption
};

class TaskPromiseBase : public Promise {
 public:
  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> ended) const noexcept {
      return ended.promise().waiting;
    }
    void await_resume() const noexcept {}
  };
  std::suspend_always initial_suspend() const noexcept { return {}; }
  Final final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }

  std::coroutine_handle<> waiting;
  std::exception_ptr exception;
};

template <class T>
class TaskPromise final : public TaskPromiseBase {
 public:
  Task<T> get_return_object() noexcept;
  template <class U>
    requires std::constructible_from<T, U&&>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() {
    if (exception) [[unlikely]]
      std::rethrow_exception(std::move(exception));
    return std::move(*value);
  }

 private:
  std::optional<T> value;
};

template <>
class TaskPromise<void> final : public TaskPromiseBase {
 public:
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() {
    if (exception) [[unlikely]]
      std::rethrow_exception(std::move(exception));
  }
};

}  // namespace detail

/// Lazily started; runs on the shard of the task that awaits it. Cancellation arrives as
/// boost::system::system_error with operation_aborted and passes through untouched. Awaited once,
/// as an rvalue.
template <class T = void>
class [[nodiscard]] Task final {
 public:
  using promise_type = detail::TaskPromise<T>;

  Task() = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }
  bool valid() const { return handle_ != nullptr; }

 private:
  friend class detail::Promise;
  friend promise_type;
  using Handle = std::coroutine_handle<promise_type>;
  struct Awaiter {
    Handle handle;
    bool await_ready() const noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> by) const noexcept {
      handle.promise().waiting = by;
      handle.promise().run = by.promise().run;
      return handle;
    }
    T await_resume() const { return handle.promise().take(); }
  };
  explicit Task(Handle handle) : handle_(handle) {}

  Handle handle_;
};

namespace detail {

template <class T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

}  // namespace detail

/// The way to cancel a task that has been started with it. Outlived by the task or outliving it.
class TaskControl final {
 public:
  TaskControl() = default;
  ~TaskControl() {
    if (run_ != nullptr) run_->control_ = nullptr;
  }
  TaskControl(const TaskControl&) = delete;
  TaskControl& operator=(const TaskControl&) = delete;
  /// Ends the wait under way and makes every later one throw, unless the task ignores cancellation.
  /// Nothing happens when it has ended. The task is not resumed within the call.
  void cancel() {
    if (run_ != nullptr) run_->cancel();
  }

 private:
  friend class detail::Run;
  detail::Run* run_ = nullptr;
};

}  // namespace gatehouse
