// unless_cancelled: work that is given up when a CancelSource says so, although the task that
// awaits it goes on.
#pragma once

#include "async/cancel.hpp"
#include "async/task.hpp"
#include "async/timer.hpp"

namespace gatehouse {
namespace detail {

/// Runs `work`, which must not throw, until it ends; `source` cancels it. Waits for its end.
Task<> run_unless(CancelSource& source, Task<> work);

}  // namespace detail

/// `work`'s result, or Errc::cancelled when `source`, which must outlive the call, was cancelled
/// first; then the work has been cancelled and has ended.
template <class T>
Task<Result<T>> unless_cancelled(CancelSource& source, Task<Result<T>> work) {
  detail::Captured<T> captured;
  if (!source.cancelled()) {
    co_await detail::run_unless(source, detail::capture(std::move(work), captured));
  }
  if (captured.result) co_return std::move(*captured.result);
  if (captured.exception && !(source.cancelled() && detail::is_cancellation(captured.exception))) {
    detail::rethrow(captured.exception);
  }
  co_return fail(Errc::cancelled, "nobody waits for it any more");
}

}  // namespace gatehouse
