// HttpEndpoint: one MCP endpoint over HTTP, both eras (specification: basic/transports,
// basic/versioning; reference H-1 … H-10, O-1 … O-8). Authenticates first, then classifies by the
// envelope, not by the method: a request with a modern `_meta` or version header is stateless, any
// other belongs to a legacy session. Routed to by gateway/ and demo/. Keeps no policy.
#pragma once

#include <memory>

#include "async/task.hpp"
#include "async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "http/server.hpp"
#include "mcp_server/endpoint_settings.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::mcp_server {

class HttpEndpoint final : public http::Handler {
 public:
  /// Everything given must outlive the endpoint. At shutdown the HTTP server is drained first, then
  /// `tasks` is shut down, then the endpoint is destroyed.
  HttpEndpoint(Service& service, Authenticator& authenticator, TaskGroup& tasks, Logger& logger,
               const Clock& clock, EndpointSettings settings = {});
  ~HttpEndpoint() override;
  HttpEndpoint(const HttpEndpoint&) = delete;
  HttpEndpoint& operator=(const HttpEndpoint&) = delete;

  Task<> handle(http::Exchange& exchange) override;
  /// The same for a caller whom somebody has authenticated already.
  Task<> handle_as(http::Exchange& exchange, std::shared_ptr<const Caller> caller);

  /// Legacy sessions alive, for metrics.
  std::size_t sessions() const;
  /// Open subscriptions/listen, for metrics.
  std::size_t listeners() const;
  /// Ends the sessions and subscriptions of one caller, e.g. when their token was revoked; "" ends
  /// all.
  void end_sessions(std::string_view identity);
  /// Ends what clients only listen to, gracefully, and opens no more of it: before the HTTP server
  /// is drained, which would wait for it.
  void end_streams();

  struct State;  ///< private to mcp_server/

 private:
  std::unique_ptr<State> state_;
};

}  // namespace gatehouse::mcp_server
