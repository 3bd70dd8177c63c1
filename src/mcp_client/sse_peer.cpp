#include "mcp_client/sse_peer.hpp"

#include <fmt/format.h>

#include "mcp_client/incoming.hpp"
#include "mcp_client/outgoing.hpp"

namespace gatehouse::mcp_client {

SsePeer::SsePeer(HttpTarget target, Parts parts)
    : target_(std::move(target)),
      parts_(parts),
      following_(parts.tasks.executor()),
      connected_(parts.tasks.executor()) {}

SsePeer::~SsePeer() {
  if (link_) link_->close_later();
}

Task<> SsePeer::close() {
  closed_ = true;
  if (link_) co_await link_->close();
}

Task<Result<LinkHandshake>> SsePeer::connect() {
  auto opened = co_await SseCarrier::open(target_, parts_);
  if (!opened) co_return std::unexpected(opened.error());
  if (auto* refusal = std::get_if<mcp::HttpRefusal>(&*opened)) {
    co_return LinkHandshake(std::move(*refusal));
  }
  auto carrier = std::get<std::unique_ptr<SseCarrier>>(std::move(*opened));
  if (link_) link_->close_later();
  carrier_ = carrier.get();
  LinkSettings settings{target_.url,         target_.client,        target_.capabilities,
                        target_.interaction, target_.notifications, target_.owner};
  link_ = std::make_shared<MessageLink>(std::move(carrier), std::move(settings), parts_);
  link_->start();
  const std::shared_ptr<MessageLink> link = link_;
  auto handshake = co_await initialize(*link, limits::kListTimeout);
  if (handshake && std::holds_alternative<ServerInfo>(*handshake)) {
    info_ = std::get<ServerInfo>(*handshake);
  } else {
    link->close_later();
  }
  co_return handshake;
}

Task<Result<LinkHandshake>> SsePeer::connect_again() {
  connecting_ = true;
  const std::shared_ptr<void> ended(nullptr, [this](void*) {
    connecting_ = false;
    connected_.notify_all();
  });
  parts_.log.info("mcp_stream_opened_again", {{"url", target_.url}});
  co_return co_await connect();
}

/// Nothing when there is a stream; else what the request ends in.
Task<std::optional<Result<mcp::Answer>>> SsePeer::ensure_connected() {
  while (connecting_) co_await connected_.wait();
  if (link_ && link_->alive()) co_return std::nullopt;
  auto handshake = co_await connect_again();
  if (!handshake) co_return Result<mcp::Answer>(std::unexpected(handshake.error()));
  if (auto* refusal = std::get_if<mcp::HttpRefusal>(&*handshake)) {
    co_return Result<mcp::Answer>(std::move(*refusal));
  }
  if (auto* error = std::get_if<mcp::RpcError>(&*handshake)) {
    co_return Result<mcp::Answer>(
        fail(Errc::session_lost,
             fmt::format("the server refuses a new session: {}", quote_remote(error->message))));
  }
  co_await following_.restore(*this);
  co_return std::nullopt;
}

Task<Result<Followed>> SsePeer::follow(mcp::Interest interest) {
  if (closed_) co_return fail(Errc::unavailable, "the connection was closed");
  if (!interest.empty()) {
    if (auto failed = co_await ensure_connected()) {
      if (!*failed) co_return std::unexpected(failed->error());
      if (auto* refusal = std::get_if<mcp::HttpRefusal>(&**failed)) {
        co_return Followed(std::move(*refusal));
      }
    }
  }
  co_return co_await following_.follow(*this, std::move(interest));
}

Task<Result<mcp::Answer>> SsePeer::request(mcp::Request request, Interaction* interaction) {
  for (bool repeated = false;; repeated = true) {
    if (request.cancel != nullptr && request.cancel->cancelled()) {
      co_return fail(Errc::cancelled, "the request was cancelled");
    }
    if (closed_) co_return fail(Errc::unavailable, "the connection was closed");
    if (auto failed = co_await ensure_connected()) co_return std::move(*failed);
    auto answer = co_await call(request, interaction);
    // Lost means that the message was not taken: repeating it is safe.
    if (answer || answer.error().code != Errc::session_lost || repeated) co_return answer;
  }
}

Task<Result<mcp::Answer>> SsePeer::call(const mcp::Request& request, Interaction* interaction) {
  const std::shared_ptr<MessageLink> link = link_;
  const SteadyTime begun = parts_.clock.steady_now();
  const std::int64_t id = link->next_id();
  Outgoing out = make_legacy_body(request, id);
  auto answered = co_await link->call(id, std::move(out.body), request, interaction);
  if (answered) co_return std::move(answered->answer);
  const Errc code = answered.error().code;
  const bool unanswered = code == Errc::timeout || code == Errc::outcome_unknown;
  // A stream that died without a word (a laptop that slept) would swallow every further answer.
  const bool silent = unanswered && link == link_ && link->alive() && carrier_->heard_at() < begun;
  if (code == Errc::session_lost || silent) link->close_later();
  co_return std::unexpected(answered.error());
}

}  // namespace gatehouse::mcp_client
