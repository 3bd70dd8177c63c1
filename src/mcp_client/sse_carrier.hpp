// SseCarrier: HTTP+SSE of 2024-11-05 (O-10) as the carrier of a MessageLink: one GET stream brings
// every message of the server, each of ours is a POST to the URL that the stream's first event
// names. The session is the stream: a new stream is a new session. Made by SsePeer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "async/cancel.hpp"
#include "mcp_client/event_reader.hpp"
#include "mcp_client/http_endpoint.hpp"
#include "mcp_client/message_link.hpp"

namespace gatehouse::mcp_client {

/// Where messages go: `reference`, the data of the `endpoint` event, resolved against the server's
/// URL. Errors: protocol (no URL), policy (another origin, which our credentials are not for).
Result<std::string> resolve_message_url(std::string_view server_url, std::string_view reference);

class SseCarrier final : public Carrier {
 public:
  using Opened = std::variant<std::unique_ptr<SseCarrier>, mcp::HttpRefusal>;
  /// Opens the stream and waits for its `endpoint` event, 10 s at most. Errors: those of
  /// http::Client, server_error, rejected (no event stream), timeout, and those of
  /// resolve_message_url().
  static Task<Result<Opened>> open(HttpTarget target, Parts parts);

  Task<Result<std::optional<mcp::HttpRefusal>>> send(std::string message) override;
  Task<Result<std::optional<std::string>>> receive() override;
  Task<> close() override;
  std::string epitaph() const override { return {}; }

  /// When the stream last brought something.
  SteadyTime heard_at() const { return heard_at_; }

 private:
  SseCarrier(HttpTarget target, Parts parts) : endpoint_(std::move(target), parts) {}
  Task<Result<std::optional<mcp::HttpRefusal>>> begin();
  Task<Result<std::string>> await_endpoint();

  HttpEndpoint endpoint_;
  CancelSource closing_;
  std::optional<EventReader> reader_;
  std::string message_url_;
  SteadyTime heard_at_;
};

}  // namespace gatehouse::mcp_client
