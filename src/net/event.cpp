#include "net/event.hpp"

#include <boost/asio/post.hpp>
#include <utility>

namespace gatehouse::net {

void Event::fire() {
  fired_ = true;
  if (gatehouse::detail::Sleeper sleeper = std::move(sleeper_)) sleeper.resume();
}

void Event::fire_later() {
  fired_ = true;
  if (sleeper_) boost::asio::post(executor_, std::move(sleeper_));
}

void Event::on_cancel(void* self) {
  auto* event = static_cast<Event*>(self);
  if (event->sleeper_) boost::asio::post(event->executor_, std::move(event->sleeper_));
}

void Event::abandon() {
  // The frame may own this event, so the sleeper is moved out first.
  const gatehouse::detail::Sleeper dropped = std::move(sleeper_);
}

}  // namespace gatehouse::net
