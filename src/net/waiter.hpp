// Waiter: one coroutine sleeps until a callback of the same shard wakes it. What Condition does,
// without a timer behind it: for the inner loops of connections and channels. Private to net/.
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cassert>
#include <optional>
#include <utility>

#include "async/task.hpp"

namespace gatehouse::net {

class Waiter final {
  using Result = boost::asio::async_result<boost::asio::use_awaitable_t<Executor>,
                                           void(boost::system::error_code)>;

 public:
  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  bool waiting() const { return handler_.has_value(); }

  /// Returns after the next wake(); look at the state again then. Throws operation_aborted when the
  /// task is cancelled. At most one task waits; the waiter outlives it.
  Task<> wait() {
    assert(!handler_);
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>,
                                       void(boost::system::error_code)>(
        [](auto handler, Waiter* self) {
          const auto slot = boost::asio::get_associated_cancellation_slot(handler);
          if (slot.is_connected()) {
            boost::asio::cancellation_slot(slot).assign(
                [self](boost::asio::cancellation_type) { self->cancel(); });
          }
          self->handler_.emplace(std::move(handler));
        },
        boost::asio::use_awaitable_t<Executor>{}, this);
  }

  /// Resumes the task before this returns, so call it last. Nothing happens when none waits.
  void wake() { resume({}); }

  /// Destroys the sleeping task instead of resuming it, for when its io_context runs no more.
  void abandon() { handler_.reset(); }

 private:
  void resume(boost::system::error_code error) {
    if (!handler_) return;
    typename Result::handler_type handler = std::move(*handler_);
    handler_.reset();
    handler(error);
  }

  /// Resuming clears the slot that this is called from, so not at once.
  void cancel() {
    if (!handler_) return;
    const auto executor = boost::asio::get_associated_executor(*handler_);
    boost::asio::post(executor, [handler = std::move(*handler_)]() mutable {
      std::move(handler)(boost::system::error_code(boost::asio::error::operation_aborted));
    });
    handler_.reset();
  }

  std::optional<typename Result::handler_type> handler_;
};

}  // namespace gatehouse::net
