// run_to_end: drives one task on an io_context of its own until it ends. For tests and for
// commands.
#pragma once

#include <exception>
#include <optional>

#include "async/start.hpp"

namespace gatehouse {

/// Runs `work` and everything it spawned on `context`; returns its value, rethrows its exception.
template <class T>
T run_to_end(boost::asio::io_context& context, Task<T> work) {
  std::optional<T> value;
  std::exception_ptr exception;
  start(context.get_executor(), std::move(work),
        [&](std::exception_ptr error, std::optional<T> result) {
          exception = std::move(error);
          value = std::move(result);
        });
  context.restart();
  context.run();
  if (exception) std::rethrow_exception(exception);
  return std::move(*value);
}

inline void run_to_end(boost::asio::io_context& context, Task<> work) {
  std::exception_ptr exception;
  start(context.get_executor(), std::move(work),
        [&](std::exception_ptr error) { exception = std::move(error); });
  context.restart();
  context.run();
  if (exception) std::rethrow_exception(exception);
}

}  // namespace gatehouse
