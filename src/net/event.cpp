#include "net/event.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cassert>
#include <utility>

namespace gatehouse::net {

Task<> Event::wait() {
  if (fired_) co_return;
  assert(!waiter_);
  auto initiate = [this](auto handler) {
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) {
      slot.assign([this](boost::asio::cancellation_type) {
        if (waiter_) boost::asio::post(executor_, std::exchange(waiter_, nullptr));
      });
    }
    waiter_ = std::move(handler);
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>, void()>(
      std::move(initiate), boost::asio::use_awaitable_t<Executor>{});
  if (!fired_) throw boost::system::system_error(boost::asio::error::operation_aborted);
}

void Event::fire() {
  fired_ = true;
  if (auto waiter = std::exchange(waiter_, nullptr)) waiter();
}

void Event::fire_later() {
  fired_ = true;
  if (waiter_) boost::asio::post(executor_, std::exchange(waiter_, nullptr));
}

void Event::abandon() {
  // The frame may own this event, so the waiter is moved out first.
  const auto waiter = std::exchange(waiter_, nullptr);
}

}  // namespace gatehouse::net
