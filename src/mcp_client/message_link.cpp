#include "mcp_client/message_link.hpp"

#include <fmt/format.h>

#include "async/timer.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/versions.hpp"
#include "mcp_client/incoming.hpp"
#include "mcp_client/outgoing.hpp"

namespace gatehouse::mcp_client {

MessageLink::MessageLink(std::unique_ptr<Carrier> carrier, LinkSettings settings, Parts parts)
    : carrier_(std::move(carrier)),
      settings_(std::move(settings)),
      parts_(parts),
      calls_(
          {settings_.name, settings_.capabilities, settings_.interaction, settings_.notifications},
          parts) {}

void MessageLink::start() {
  reading_ = true;
  parts_.tasks.spawn("mcp_link_read", run_reader(shared_from_this()));
}

std::string obituary_of(std::string_view name, std::string_view epitaph) {
  return epitaph.empty() ? fmt::format("{} is gone", name)
                         : fmt::format("{} is gone: {}", name, epitaph);
}

std::string MessageLink::obituary() const {
  return obituary_of(settings_.name, carrier_->epitaph());
}

Task<Result<void>> MessageLink::send(std::string message) {
  auto sent = co_await carrier_->send(std::move(message));
  if (!sent) co_return std::unexpected(sent.error());
  if (*sent) {
    co_return fail(Errc::rejected,
                   fmt::format("{} answered HTTP {}", settings_.name, (*sent)->status));
  }
  co_return Result<void>{};
}

Task<> MessageLink::close() {
  alive_ = false;
  co_await carrier_->close();
  on_end("it was closed");
}

void MessageLink::close_later() {
  alive_ = false;
  if (reading_) parts_.tasks.spawn("mcp_link_close", run_close(shared_from_this()));
}

Task<> MessageLink::run_close(std::shared_ptr<MessageLink> self) {
  co_await self->close();
}

Task<Result<Answered>> MessageLink::call(std::int64_t id, std::string body,
                                         const mcp::Request& request, Interaction* interaction) {
  if (!alive_) co_return fail(Errc::unavailable, obituary());
  const CallDeadline deadline(parts_.clock.steady_now(), request.timeout);
  Pending pending(parts_.tasks.executor(),
                  std::make_shared<ActiveCall>(id, interaction, request.sink, deadline));
  pending_[id] = &pending;
  pending.call->firm = request.firm_timeout;
  calls_.enter(pending.call);
  const std::shared_ptr<void> left(nullptr, [this, id, call = pending.call](void*) {
    pending_.erase(id);
    calls_.leave(call);
  });
  auto sent = co_await with_timeout(deadline.remaining(parts_.clock.steady_now()),
                                    carrier_->send(std::move(body)), "taking the request");
  if (!sent && sent.error().code == Errc::timeout) {
    close_later();  // who does not read holds up everybody behind
    co_return std::unexpected(no_answer_error(request.method, request.timeout));
  }
  if (pending.answer) co_return std::move(*pending.answer);  // it came first
  if (!sent) co_return std::unexpected(sent.error());
  if (*sent) co_return Answered{mcp::Answer(std::move(**sent))};
  CancelSource::Registration registration;
  if (request.cancel != nullptr) {
    registration = request.cancel->on_cancel([self = shared_from_this(), id, waiting = &pending] {
      if (waiting->answer) return;
      waiting->answer.emplace(fail(Errc::cancelled, "the request was cancelled"));
      self->give_up(id, "the request was cancelled");
      waiting->answered.notify_all();
    });
  }
  auto answered = co_await await_answer(id, pending, request);
  registration.reset();
  pending_.erase(id);
  calls_.leave(pending.call);
  co_await calls_.settle(pending.call);
  if (answered) answered->answer = ActiveCalls::judge(std::move(answered->answer), *pending.call);
  co_return answered;
}

Task<Result<bool>> MessageLink::until_answered(Pending& pending) {
  while (!pending.answer) co_await pending.answered.wait();
  co_return true;
}

Task<Result<Answered>> MessageLink::await_answer(std::int64_t id, Pending& pending,
                                                 const mcp::Request& request) {
  while (!pending.answer) {
    // Progress may have moved the deadline meanwhile: then it waits anew.
    (void)co_await with_timeout(pending.call->remaining(parts_.clock.steady_now()),
                                until_answered(pending), "the answer");
    if (!pending.answer && pending.call->expired(parts_.clock.steady_now())) {
      give_up(id, "no answer in time");
      pending.answer.emplace(std::unexpected(no_answer_error(request.method, request.timeout)));
    }
  }
  co_return std::move(*pending.answer);
}

void MessageLink::give_up(std::int64_t id, std::string reason) {
  if (alive_) {
    parts_.tasks.spawn("mcp_cancel", send_quietly(shared_from_this(), make_cancelled(id, reason)));
  }
}

Task<> MessageLink::send_quietly(std::shared_ptr<MessageLink> self, std::string message) {
  // Who reads notices that the other side is gone.
  (void)co_await self->send(std::move(message));
}

Task<> MessageLink::run_reader(std::shared_ptr<MessageLink> self) {
  const std::shared_ptr<void> ended(nullptr, [self](void*) { self->reading_ = false; });
  while (true) {
    auto bytes = co_await self->carrier_->receive();
    if (!bytes) {
      self->on_end(bytes.error().detail);
      co_return;
    }
    if (!*bytes) {
      self->on_end("it ended");
      co_return;
    }
    self->on_bytes(std::move(**bytes));
  }
}

void MessageLink::on_end(std::string_view why) {
  alive_ = false;
  while (!subscriptions_.empty()) end_subscription(subscriptions_.begin()->first, {});
  if (pending_.empty()) return;
  const std::string detail =
      fmt::format("{} ({}); the request may have been carried out", obituary(), why);
  for (auto& [id, pending] : pending_) {
    if (!pending->answer) pending->answer.emplace(fail(Errc::outcome_unknown, detail));
    pending->answered.notify_all();
  }
}

void MessageLink::on_bytes(std::string bytes) {
  if (bytes.empty()) return;
  const auto messages = jsonrpc::prove_batch(bytes);
  if (!messages) {
    // Careless servers print to stdout; that must not end the connection.
    parts_.log.warn("mcp_message_ignored", {{"server", settings_.name},
                                            {"message", quote_remote(bytes, 120)},
                                            {"reason", messages.error().detail}});
    return;
  }
  for (const jsonrpc::Message& message : *messages) {
    if (messages->size() == 1 && (message.kind == jsonrpc::MessageKind::result ||
                                  message.kind == jsonrpc::MessageKind::error)) {
      const auto id = jsonrpc::JsonView::of_proved(message.id).as_int();
      const auto found = id ? pending_.find(*id) : pending_.end();
      if (found == pending_.end()) {  // a late answer (C-1), or the end of a subscription
        if (id) end_subscription(*id, rpc_error_of(bytes));
        return;
      }
      Pending& pending = *found->second;
      if (!pending.answer) pending.answer.emplace(make_answered(message, std::move(bytes)));
      pending.answered.notify_all();
      return;
    }
    on_message(message);
  }
}

void MessageLink::on_message(const jsonrpc::Message& message) {
  switch (message.kind) {
    case jsonrpc::MessageKind::notification:
      on_notification(message);
      return;
    case jsonrpc::MessageKind::request:
      calls_.on_request(message, nullptr, shared_from_this());
      return;
    default:
      break;
  }
  // One of several answers of a batch: it gets a copy of its result.
  const auto id = jsonrpc::JsonView::of_proved(message.id).as_int();
  const auto found = id ? pending_.find(*id) : pending_.end();
  if (found == pending_.end() || found->second->answer) return;
  found->second->answer.emplace(make_answered(message, {}));
  found->second->answered.notify_all();
}

void MessageLink::end_subscription(std::int64_t id, std::optional<mcp::RpcError> error) {
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end()) return;
  Subscription& subscription = *found->second;
  subscriptions_.erase(found);
  subscription.ended = true;
  subscription.error = std::move(error);
  subscription.on_end();
}

/// True when the notification belongs to a subscription.
bool MessageLink::on_subscribed(const jsonrpc::Message& message) {
  if (message.method == "notifications/cancelled") {  // L-4: how some servers end one
    const auto id = jsonrpc::JsonView::of_proved(message.member("requestId")).as_int();
    if (id) end_subscription(*id, {});
    return true;
  }
  const std::string_view raw = message.meta_member(mcp::kMetaSubscriptionId);
  if (raw.empty()) return false;
  for (const auto& [id, subscription] : subscriptions_) {
    const std::string text = std::to_string(id);  // some servers make a string of it
    if (raw != text && !jsonrpc::JsonView::of_proved(raw).equals(text)) continue;
    subscription->on_notification(message);
    break;
  }
  return true;
}

void MessageLink::on_notification(const jsonrpc::Message& message) {
  if (!on_subscribed(message)) calls_.on_notification(message, nullptr);
}

Task<> MessageLink::send_answer(std::string body) {
  (void)co_await send(std::move(body));  // who reads notices that the other side is gone
}

}  // namespace gatehouse::mcp_client
