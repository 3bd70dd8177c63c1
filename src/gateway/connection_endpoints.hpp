// ConnectionEndpoints: /mcp/c/<connection> for every connection there is. Each has a service and
// legacy sessions of its own, made when it is first used. A connection that does not exist, or not
// for the caller, answers every authenticated request alike: 404.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/connection_service.hpp"
#include "gateway/retry_door.hpp"
#include "mcp_server/http_endpoint.hpp"

namespace gatehouse::gateway {

class ConnectionEndpoints final {
 public:
  /// All must outlive this.
  struct Parts {
    ConnectionService::Parts service;
    mcp_server::Authenticator& authenticator;
    TaskGroup& tasks;
    const Clock& clock;
    const RetryRoutes& routes;
  };
  struct Settings {
    std::string version;
    std::string base_url;  ///< what resource metadata URLs begin with
    StateKeys state_keys;
    mcp_server::EndpointSettings http;
  };
  ConnectionEndpoints(Parts parts, Settings settings);
  ~ConnectionEndpoints();

  /// A request to a path of that form.
  Task<> handle(http::Exchange& exchange);
  /// The service of a connection that exists for the principal; null otherwise. Lives as long as
  /// this.
  ConnectionService* find(std::string_view connection, const identity::Principal& principal);
  /// See HttpEndpoint.
  void end_streams();
  void end_sessions(std::string_view identity);

 private:
  /// Kept until the end, for sessions and streams may be under way: there are no more of them than
  /// connections were ever named.
  struct Endpoint;
  Endpoint* find_or_make(std::string_view connection, const identity::Principal& principal);

  Parts parts_;
  Settings settings_;
  std::map<std::string, std::unique_ptr<Endpoint>, std::less<>> endpoints_;
};

}  // namespace gatehouse::gateway
