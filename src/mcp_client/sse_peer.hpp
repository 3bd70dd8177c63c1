// SsePeer: a server that only speaks HTTP+SSE of 2024-11-05 (O-10). Its session is the event
// stream; when that is gone, the next request opens another. Opened by open_http(), which has the
// evidence that nothing newer is spoken.
#pragma once

#include <memory>
#include <optional>

#include "async/condition.hpp"
#include "mcp_client/legacy_following.hpp"
#include "mcp_client/link_handshake.hpp"
#include "mcp_client/sse_carrier.hpp"

namespace gatehouse::mcp_client {

class SsePeer final : public Peer {
 public:
  SsePeer(HttpTarget target, Parts parts);
  ~SsePeer() override;

  /// Opens the stream and does the handshake. Errors: those of SseCarrier::open() and
  /// initialize().
  Task<Result<LinkHandshake>> connect();

  Task<Result<mcp::Answer>> request(mcp::Request request, Interaction* interaction) override;
  const ServerInfo& info() const override { return info_; }
  Task<Result<Followed>> follow(mcp::Interest interest) override;
  bool hears() const override { return !closed_ && link_ && link_->alive(); }
  Task<> close() override;
  /// A lost stream is opened anew by the next request.
  bool alive() const override { return !closed_; }

 private:
  Task<Result<LinkHandshake>> connect_again();
  Task<std::optional<Result<mcp::Answer>>> ensure_connected();
  Task<Result<mcp::Answer>> call(const mcp::Request& request, Interaction* interaction);

  HttpTarget target_;
  Parts parts_;
  std::shared_ptr<MessageLink> link_;
  SseCarrier* carrier_ = nullptr;  ///< of link_
  ServerInfo info_;
  LegacyFollowing following_;
  bool connecting_ = false;
  Condition connected_;  ///< an attempt has ended
  bool closed_ = false;
};

}  // namespace gatehouse::mcp_client
