// Task<T>: a coroutine on a shard. A shard is one thread with one io_context; its state needs no
// locks (style: coroutines).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace gatehouse {

using Executor = boost::asio::io_context::executor_type;

/// Lazily started; runs on the shard of the task that awaits it. Cancellation arrives as
/// boost::system::system_error with operation_aborted and passes through untouched.
template <class T = void>
using Task = boost::asio::awaitable<T, Executor>;

}  // namespace gatehouse
