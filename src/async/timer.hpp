// Waiting for time, and bounding work by it. The caller sets the timeout, once (style: coroutines).
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/wait_traits.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <string>

#include "async/task.hpp"
#include "base/result.hpp"

namespace gatehouse {

using ShardTimer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Duration = std::chrono::steady_clock::duration;

Task<> sleep_for(Duration duration);

namespace detail {

/// Runs `work`, which must not throw, until it ends or `limit` passes; then cancels it and waits
/// for its end.
Task<> run_at_most(Duration limit, Task<> work);

template <class T>
struct Captured {
  std::optional<Result<T>> result;
  std::exception_ptr exception;
};

template <class T>
Task<> capture(Task<Result<T>> work, Captured<T>& into) {
  try {
    into.result.emplace(co_await std::move(work));
  } catch (...) {
    into.exception = std::current_exception();
  }
}

[[noreturn]] void rethrow(const std::exception_ptr& exception);
bool is_cancellation(const std::exception_ptr& exception);
Error timeout_error(Duration limit, const std::string& what);

}  // namespace detail

/// `work`'s result, or Errc::timeout naming `what` when it took longer than `limit`; then the work
/// has been cancelled and has ended. When the awaiting task is cancelled, so is the work.
template <class T>
Task<Result<T>> with_timeout(Duration limit, Task<Result<T>> work, std::string what) {
  detail::Captured<T> captured;
  const auto started = std::chrono::steady_clock::now();
  co_await detail::run_at_most(limit, detail::capture(std::move(work), captured));
  if (captured.result) co_return std::move(*captured.result);
  const bool expired = std::chrono::steady_clock::now() - started >= limit;
  if (captured.exception && !(expired && detail::is_cancellation(captured.exception))) {
    detail::rethrow(captured.exception);
  }
  co_return std::unexpected(detail::timeout_error(limit, what));
}

}  // namespace gatehouse
