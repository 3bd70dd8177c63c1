// Gateway: one shard's inbound side put together: the route table of `gatehouse serve` and the line
// front of `gatehouse stdio`, over one pipeline. Built by app/wiring, which owns the parts.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "async/shards.hpp"
#include "gateway/agent_authenticator.hpp"
#include "gateway/agent_service.hpp"
#include "gateway/aggregate_service.hpp"
#include "gateway/bridge.hpp"
#include "gateway/call_limiter.hpp"
#include "gateway/catalog_refresher.hpp"
#include "gateway/connect_page.hpp"
#include "gateway/connection_endpoints.hpp"
#include "gateway/directory.hpp"
#include "gateway/followers.hpp"
#include "gateway/front_door.hpp"
#include "gateway/pipeline.hpp"
#include "gateway/retry_door.hpp"
#include "gateway/sign_in.hpp"
#include "http/server.hpp"
#include "jsonrpc/line_channel.hpp"
#include "mcp_server/http_endpoint.hpp"

namespace gatehouse::gateway {

class Gateway final : public http::Handler {
 public:
  /// All must outlive the gateway; `tasks` must have ended before it is destroyed.
  struct Parts {
    Executor executor;
    vault::Store& store;
    oauth_client::Login& login;
    upstream::Upstreams& upstreams;
    identity::TokenCache& tokens;
    identity::CallBudgets& budgets;  ///< of the process
    TaskGroup& tasks;
    Logger& log;
    Logger& audit;
    const Clock& clock;
    Workers* workers = nullptr;  ///< make the search index; null: the shard does
  };
  struct Settings {
    OrganizationId organization = local_organization();
    std::string version;
    std::string public_url;  ///< empty: reached at the listening address
    std::vector<std::string>
        authorities;              ///< what we listen on, "127.0.0.1:8484"; empty: lines only
    std::string client_metadata;  ///< body of our client ID metadata document; empty: not hosted
    StateKeys state_keys;
    CallLimitSettings call_limits;
    /// Of legacy sessions, see EndpointSettings; empty: random.
    std::function<std::string(std::string_view identity)> make_session_id;
  };
  Gateway(Parts parts, Settings settings);
  ~Gateway() override;

  /// The gateways of all shards, by number, this one among them; before the first request. Alone
  /// unless told. What one of them keeps and another is asked for is fetched with
  /// `place.shards.run(owner, …)` on `gateways[owner]` (async/shards.hpp).
  void join(ShardPlace place, std::vector<Gateway*> gateways);

  /// The route table.
  Task<> handle(http::Exchange& exchange) override;
  /// Serves one local client over lines, as the implicit member. Returns when the channel ends.
  /// `endpoint` is a path, as over HTTP. Errors: as check_endpoint().
  Task<Result<void>> serve_lines(std::shared_ptr<jsonrpc::LineChannel> channel,
                                 std::string endpoint = "/mcp");

  /// Errors: not_found: the implicit member has no such endpoint.
  Task<Result<void>> check_endpoint(std::string endpoint);
  /// What clients only listen to is ended, before HTTP is drained.
  void end_streams();

  /// From the change feed.
  void on_change(const vault::Change& change);
  void on_feed_lost();
  /// Loads what the first call needs. Errors: storage; /readyz says so until it works.
  Task<Result<void>> prepare();

 private:
  struct Route {
    std::string_view path;
    bool prefix;
    enum class Methods { reading, any } methods;  // any: the answer judges
    Task<> (Gateway::*answer)(http::Exchange&);
  };
  static const std::array<Route, 10> kRoutes;

  Task<> answer_mcp(http::Exchange& exchange);
  Task<> answer_aggregate(http::Exchange& exchange);
  Task<> answer_connection(http::Exchange& exchange);
  Task<> answer_resource_metadata(http::Exchange& exchange);
  Task<> answer_client_metadata(http::Exchange& exchange);
  Task<> answer_health(http::Exchange& exchange);
  Task<> answer_ready(http::Exchange& exchange);
  Task<> answer_connect(http::Exchange& exchange);
  Task<> answer_root(http::Exchange& exchange);

  mcp_server::Service* find_line_service(std::string_view endpoint,
                                         const identity::Principal& principal);
  /// At every endpoint.
  void end_sessions(std::string_view identity);
  void watch_expiry();
  Task<> end_expired();
  std::string make_link(const upstream::Target& target, const upstream::PersonNeeded& need);
  /// The service at `endpoint` for retries that came in on another shard. Null: none for `caller`.
  mcp_server::Service* find_service(std::string_view endpoint, const mcp_server::Caller& caller);

  Parts parts_;
  Settings settings_;
  std::vector<Gateway*> gateways_;  ///< by shard; empty: the only one
  RetryRoutes routes_;
  FrontDoor door_;
  Directory directory_;
  CallLimiter limiter_;
  Pipeline pipeline_;
  CatalogRefresher refresher_;
  Followers followers_;
  std::unique_ptr<ConnectPage> connect_page_;
  SignIn sign_in_;
  ParkedCalls parked_;
  Bridge bridge_;
  AgentService service_;
  RetryDoor retries_;  ///< in front of service_
  AgentService line_service_;
  AggregateService aggregate_;
  RetryDoor aggregate_retries_;  ///< in front of aggregate_
  AgentAuthenticator authenticator_;
  mcp_server::HttpEndpoint endpoint_;
  mcp_server::HttpEndpoint aggregate_endpoint_;
  ConnectionEndpoints connections_;
  bool watching_expiry_ = false;
};

/// Path of our client ID metadata document below the public URL.
inline constexpr std::string_view kClientMetadataPath = "/oauth/client-metadata.json";
inline constexpr std::string_view kOAuthCallbackPath = "/oauth/callback";

}  // namespace gatehouse::gateway
