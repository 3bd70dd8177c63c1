#include "gateway/connection_endpoints.hpp"

#include "gateway/endpoint_paths.hpp"
#include "identity/decision.hpp"

namespace gatehouse::gateway {
namespace {

std::string_view path_of(const http::Request& request) {
  return std::string_view(request.target).substr(0, request.target.find('?'));
}

http::Response unknown_connection() {
  http::Response response;
  response.status = 404;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = R"({"error":"not_found","detail":"There is no such connection."})";
  return response;
}

}  // namespace

struct ConnectionEndpoints::Endpoint {
  Endpoint(const Parts& parts, const Settings& settings, std::string_view connection)
      : service(
            parts.service,
            {std::string(connection), settings.version, connection_path(connection),
             settings.base_url + std::string(kResourceMetadataPrefix) + connection_path(connection),
             settings.state_keys}),
        retries(service, connection_path(connection), parts.routes),
        http(retries, parts.authenticator, parts.tasks, parts.service.log, parts.clock,
             settings.http) {}

  ConnectionId id;  ///< of the connection that has the name; another one gets no old sessions
  ConnectionService service;
  RetryDoor retries;
  mcp_server::HttpEndpoint http;
};

ConnectionEndpoints::ConnectionEndpoints(Parts parts, Settings settings)
    : parts_(parts), settings_(std::move(settings)) {}

ConnectionEndpoints::~ConnectionEndpoints() = default;

ConnectionEndpoints::Endpoint* ConnectionEndpoints::find_or_make(
    std::string_view connection, const identity::Principal& principal) {
  const std::shared_ptr<ConnectionEntry> entry = parts_.service.directory.find(connection);
  const bool exists = entry && identity::may_see(principal, *entry->connection);
  const auto known = endpoints_.find(connection);
  if (!exists) {
    // Whose it was when it was removed or disabled has no session there any more.
    if (!entry && known != endpoints_.end()) known->second->http.end_sessions("");
    return nullptr;
  }
  if (known == endpoints_.end()) {
    auto made = std::make_unique<Endpoint>(parts_, settings_, connection);
    made->id = entry->connection->id;
    return endpoints_.emplace(connection, std::move(made)).first->second.get();
  }
  Endpoint& endpoint = *known->second;
  if (!(endpoint.id == entry->connection->id)) {
    endpoint.http.end_sessions("");
    endpoint.id = entry->connection->id;
  }
  return &endpoint;
}

Task<> ConnectionEndpoints::handle(http::Exchange& exchange) {
  auto decided = co_await parts_.authenticator.authenticate(exchange);
  if (auto* refusal = std::get_if<http::Response>(&decided)) {
    co_await exchange.respond(std::move(*refusal));
    co_return;
  }
  auto caller = std::get<std::shared_ptr<const mcp_server::Caller>>(std::move(decided));
  if (!parts_.service.directory.fresh()) (void)co_await parts_.service.directory.ensure_fresh();
  const std::string_view name = connection_of_path(path_of(exchange.request())).value_or("");
  Endpoint* const endpoint = find_or_make(name, static_cast<const AgentCaller&>(*caller).principal);
  if (endpoint == nullptr) {
    co_await exchange.respond(unknown_connection());
    co_return;
  }
  co_await endpoint->http.handle_as(exchange, std::move(caller));
}

ConnectionService* ConnectionEndpoints::find(std::string_view connection,
                                             const identity::Principal& principal) {
  Endpoint* const endpoint = find_or_make(connection, principal);
  return endpoint == nullptr ? nullptr : &endpoint->service;
}

void ConnectionEndpoints::end_streams() {
  for (const auto& [name, endpoint] : endpoints_) endpoint->http.end_streams();
}

void ConnectionEndpoints::end_sessions(std::string_view identity) {
  for (const auto& [name, endpoint] : endpoints_) endpoint->http.end_sessions(identity);
}

}  // namespace gatehouse::gateway
