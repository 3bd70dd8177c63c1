#include "mcp_client/link_listening.hpp"

#include <functional>

namespace gatehouse::mcp_client {

LinkListening::LinkListening(std::shared_ptr<MessageLink> link, std::string version)
    : Listening(link->parts(), link->settings().notifications),
      link_(std::move(link)),
      client_info_(make_client_info(link_->settings().client)),
      version_(std::move(version)) {}

Task<Listening::Ended> LinkListening::attend(std::shared_ptr<Stream> stream) {
  if (!link_->alive()) {
    co_return Ended{Ended::How::unsupported, Error{Errc::unavailable, link_->obituary(), {}}, {}};
  }
  const std::int64_t id = link_->next_id();
  MessageLink::Subscription subscription;
  subscription.on_notification = [this, &stream](const jsonrpc::Message& message) {
    on_message(*stream, message);
  };
  subscription.on_end = [&stream] { stream->changed.notify_all(); };
  link_->subscribe(id, subscription);
  const std::shared_ptr<void> left(nullptr, [this, id](void*) { link_->unsubscribe(id); });
  CancelSource::Registration registration =
      stream->cancel.on_cancel([&stream] { stream->changed.notify_all(); });
  const auto sent = co_await link_->send(make_body(*stream, id, version_, client_info_).body);
  if (!sent) co_return Ended{Ended::How::broken, sent.error(), {}};
  while (!subscription.ended && !stream->cancel.cancelled()) co_await stream->changed.wait();
  registration.reset();
  if (!subscription.ended) {
    (void)co_await link_->send(make_cancelled(id, "nobody follows any more"));
    co_return Ended{};
  }
  if (subscription.error) co_return judge(*subscription.error);
  co_return Ended{};
}

}  // namespace gatehouse::mcp_client
