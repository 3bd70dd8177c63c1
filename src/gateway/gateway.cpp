#include "gateway/gateway.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "async/timer.hpp"
#include "gateway/endpoint_paths.hpp"
#include "gateway/page.hpp"
#include "identity/decision.hpp"
#include "jsonrpc/json.hpp"
#include "mcp_server/line_endpoint.hpp"

namespace gatehouse::gateway {
namespace {

using namespace std::chrono_literals;

// Expired tokens are looked for when one is due, and so often at the least and at the most.
constexpr Duration kExpiryTick = 5s;
constexpr Duration kLeastExpiryTick = 100ms;

http::Response json_response(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"},
                      {"Cache-Control", "no-store"},
                      {"X-Content-Type-Options", "nosniff"}};
  response.body = std::move(body);
  return response;
}

std::string_view path_of(const http::Request& request) {
  return std::string_view(request.target).substr(0, request.target.find('?'));
}

identity::Principal local_principal(const OrganizationId& organization) {
  identity::Principal principal;
  principal.organization = organization;
  principal.member = local_member();
  principal.client = "stdio";
  principal.scopes = {std::string(identity::kWriteScope)};
  principal.token = TokenId{"tok_local"};
  return principal;
}

mcp_server::EndpointSettings endpoint_settings(const Gateway::Settings& settings) {
  mcp_server::EndpointSettings out;
  out.make_session_id = settings.make_session_id;
  return out;
}

}  // namespace

const std::array<Gateway::Route, 10> Gateway::kRoutes{{
    {kMcpPath, false, Route::Methods::any, &Gateway::answer_mcp},
    {kAggregatePath, false, Route::Methods::any, &Gateway::answer_aggregate},
    {kConnectionPrefix, true, Route::Methods::any, &Gateway::answer_connection},
    {kResourceMetadataPrefix, true, Route::Methods::reading, &Gateway::answer_resource_metadata},
    {"/healthz", false, Route::Methods::reading, &Gateway::answer_health},
    {"/readyz", false, Route::Methods::reading, &Gateway::answer_ready},
    {"/connect/", true, Route::Methods::any, &Gateway::answer_connect},
    {kOAuthCallbackPath, false, Route::Methods::any, &Gateway::answer_connect},
    {kClientMetadataPath, false, Route::Methods::reading, &Gateway::answer_client_metadata},
    {"/", false, Route::Methods::reading, &Gateway::answer_root},
}};

Gateway::Gateway(Parts parts, Settings settings)
    : parts_(parts),
      settings_(std::move(settings)),
      door_(settings_.public_url, settings_.authorities),
      directory_(settings_.organization, parts.store, parts.log, parts.executor, parts.workers),
      limiter_(parts.budgets, settings_.call_limits, parts.clock),
      pipeline_({directory_, parts.upstreams, limiter_, parts.audit, parts.clock}),
      refresher_({directory_, parts.upstreams, parts.tasks, parts.clock, parts.executor}),
      followers_({parts.executor, directory_, parts.upstreams, refresher_, parts.tasks, parts.log,
                  parts.clock},
                 settings_.state_keys),
      sign_in_(parts.store, parts.clock, RequestStateSealer(settings_.state_keys),
               [this](const upstream::Target& target, const upstream::PersonNeeded& need) {
                 return make_link(target, need);
               }),
      parked_(pipeline_, parts.tasks),
      bridge_({pipeline_, directory_, sign_in_, parked_, parts.clock}),
      service_({directory_, bridge_, refresher_, parts.log},
               {settings_.version, std::string(kMcpPath),
                door_.base_url() + std::string(kResourceMetadataPrefix) + std::string(kMcpPath)}),
      retries_(service_, std::string(kMcpPath), routes_),
      line_service_({directory_, bridge_, refresher_, parts.log}, {settings_.version, "stdio", {}}),
      aggregate_(
          {directory_, bridge_, refresher_, followers_, parts.log, parts.clock},
          {settings_.version, std::string(kAggregatePath),
           door_.base_url() + std::string(kResourceMetadataPrefix) + std::string(kAggregatePath),
           settings_.state_keys}),
      aggregate_retries_(aggregate_, std::string(kAggregatePath), routes_),
      authenticator_(door_, parts.tokens),
      endpoint_(retries_, authenticator_, parts.tasks, parts.log, parts.clock,
                endpoint_settings(settings_)),
      aggregate_endpoint_(aggregate_retries_, authenticator_, parts.tasks, parts.log, parts.clock,
                          endpoint_settings(settings_)),
      connections_({{directory_, bridge_, pipeline_, parts.upstreams, followers_, parts.log},
                    authenticator_,
                    parts.tasks,
                    parts.clock,
                    routes_},
                   {settings_.version, door_.base_url(), settings_.state_keys,
                    endpoint_settings(settings_)}) {
  parts_.upstreams.on_notification(
      [this](const vault::CredentialKey& upstream, std::string_view method,
             std::string_view params) { followers_.on_notification(upstream, method, params); });
  authenticator_.on_expiring([this] { watch_expiry(); });
  if (!settings_.authorities.empty() && door_.on_loopback()) {
    connect_page_ = std::make_unique<ConnectPage>(
        ConnectPage::Parts{parts.store, parts.login, parts.upstreams, parts.tasks, parts.log,
                           parts.clock},
        ConnectPage::Settings{settings_.organization, door_.base_url(), door_.hosts()});
  }
}

Gateway::~Gateway() {
  parts_.upstreams.on_notification({});
}

void Gateway::join(ShardPlace place, std::vector<Gateway*> gateways) {
  gateways_ = std::move(gateways);
  routes_.place.emplace(place);
  bridge_.set_shard(place.here);
  routes_.find = [this](std::size_t shard, std::string_view endpoint,
                        const mcp_server::Caller& caller) {
    return gateways_[shard]->find_service(endpoint, caller);
  };
  if (!connect_page_) return;
  std::vector<ConnectPage*> pages;
  for (const Gateway* gateway : gateways_) pages.push_back(gateway->connect_page_.get());
  connect_page_->join(place, std::move(pages));
}

mcp_server::Service* Gateway::find_service(std::string_view endpoint,
                                           const mcp_server::Caller& caller) {
  if (endpoint == kMcpPath) return &service_;
  if (endpoint == kAggregatePath) return &aggregate_;
  const auto connection = connection_of_path(endpoint);
  if (!connection) return nullptr;
  return connections_.find(*connection, static_cast<const AgentCaller&>(caller).principal);
}

std::string Gateway::make_link(const upstream::Target& target, const upstream::PersonNeeded& need) {
  return connect_page_ ? connect_page_->make_link(target, need) : std::string();
}

Task<> Gateway::handle(http::Exchange& exchange) {
  const std::string_view path = path_of(exchange.request());
  // Endpoints check Host and Origin in their Authenticator, before anything else.
  if (!is_endpoint_path(path)) {
    if (const FrontDoor::Verdict verdict = door_.admit(exchange.request());
        verdict != FrontDoor::Verdict::admit) {
      co_await exchange.respond(refuse_at_door(verdict));
      co_return;
    }
  }
  const auto matches = [&](const Route& route) {
    return route.prefix ? path.starts_with(route.path) : path == route.path;
  };
  const auto route = std::ranges::find_if(kRoutes, matches);
  const bool misnamed = path.starts_with(kConnectionPrefix) && !connection_of_path(path);
  if (route == kRoutes.end() || misnamed) {
    co_await exchange.respond(
        json_response(404, R"({"error":"not_found","detail":"Agents use POST /mcp."})"));
    co_return;
  }
  const std::string_view method = exchange.request().method;
  if (route->methods == Route::Methods::reading && method != "GET" && method != "HEAD") {
    // An agent that was given the address without /mcp learns where to send.
    http::Response refusal =
        json_response(405, R"({"error":"method_not_allowed","detail":"Agents use POST /mcp."})");
    refusal.headers.set("Allow", "GET, HEAD");
    co_await exchange.respond(std::move(refusal));
    co_return;
  }
  co_await (this->*route->answer)(exchange);
}

Task<> Gateway::answer_mcp(http::Exchange& exchange) {
  return endpoint_.handle(exchange);
}

Task<> Gateway::answer_aggregate(http::Exchange& exchange) {
  return aggregate_endpoint_.handle(exchange);
}

Task<> Gateway::answer_connection(http::Exchange& exchange) {
  return connections_.handle(exchange);
}

// RFC 9728 §3.2: each endpoint is a resource of its own, and is described the same whether or not
// the connection exists. There is no authorization server of ours yet: tokens come from `gatehouse
// token create`.
Task<> Gateway::answer_resource_metadata(http::Exchange& exchange) {
  std::string_view path = path_of(exchange.request());
  path.remove_prefix(kResourceMetadataPrefix.size());
  if (!is_endpoint_path(path)) {
    co_await exchange.respond(
        json_response(404, R"({"error":"not_found","detail":"Agents use POST /mcp."})"));
    co_return;
  }
  std::string body =
      "{\"resource\":" + jsonrpc::quote(door_.base_url() + std::string(path)) +
      R"(,"resource_name":"Gatehouse","bearer_methods_supported":["header"],"scopes_supported":["mcp:read","mcp:write"]})";
  co_await exchange.respond(json_response(200, std::move(body)));
}

Task<> Gateway::answer_client_metadata(http::Exchange& exchange) {
  if (settings_.client_metadata.empty()) {
    co_await exchange.respond(json_response(
        404, R"({"error":"not_found","detail":"No public https URL is configured."})"));
    co_return;
  }
  http::Response response = json_response(200, settings_.client_metadata);
  response.headers.set("Cache-Control", "public, max-age=300");
  co_await exchange.respond(std::move(response));
}

Task<> Gateway::answer_health(http::Exchange& exchange) {
  co_await exchange.respond(json_response(200, R"({"status":"ok"})"));
}

// Ready means that our own store can be read; no upstream can fail it (design: rule 6).
Task<> Gateway::answer_ready(http::Exchange& exchange) {
  const Result<void> loaded = co_await directory_.ensure_fresh();
  if (loaded) {
    co_await exchange.respond(json_response(200, R"({"status":"ready"})"));
    co_return;
  }
  parts_.log.error("not_ready", {{"error", loaded.error().detail}});
  co_await exchange.respond(json_response(
      503, R"({"status":"not_ready","detail":"The store cannot be read; the log says why."})"));
}

Task<> Gateway::answer_connect(http::Exchange& exchange) {
  if (connect_page_) {
    co_await connect_page_->handle(exchange);
    co_return;
  }
  co_await exchange.respond(json_response(
      404,
      R"({"error":"not_found","detail":"Sign in with `gatehouse login NAME` on the gateway's machine."})"));
}

Task<> Gateway::answer_root(http::Exchange& exchange) {
  Page page;
  page.title = "Gatehouse is running";
  page.paragraphs = {
      "Agents connect to " + door_.base_url() + std::string(kMcpPath) + " with a bearer token.",
      "Make one with: gatehouse token create my-agent"};
  co_await exchange.respond(render(page));
}

mcp_server::Service* Gateway::find_line_service(std::string_view endpoint,
                                                const identity::Principal& principal) {
  if (endpoint == kMcpPath) return &line_service_;
  if (endpoint == kAggregatePath) return &aggregate_;
  const auto connection = connection_of_path(endpoint);
  return connection ? connections_.find(*connection, principal) : nullptr;
}

Task<Result<void>> Gateway::check_endpoint(std::string endpoint) {
  if (const Result<void> fresh = co_await directory_.ensure_fresh(); !fresh) co_return fresh;
  if (find_line_service(endpoint, local_principal(settings_.organization)) != nullptr)
    co_return Result<void>{};
  co_return fail(Errc::not_found,
                 fmt::format("there is no endpoint {}", quote_remote(endpoint, 80)),
                 "gatehouse list shows the connections");
}

void Gateway::end_streams() {
  endpoint_.end_streams();
  aggregate_endpoint_.end_streams();
  connections_.end_streams();
}

Task<Result<void>> Gateway::serve_lines(std::shared_ptr<jsonrpc::LineChannel> channel,
                                        std::string path) {
  const std::shared_ptr<const AgentCaller> caller =
      make_caller(local_principal(settings_.organization));
  if (const Result<void> known = co_await check_endpoint(path); !known) co_return known;
  mcp_server::Service* const service = find_line_service(path, caller->principal);
  mcp_server::LineEndpoint endpoint(*service, caller, *channel, parts_.tasks, parts_.log);
  co_await endpoint.run();
  co_await channel->close();
  co_return Result<void>{};
}

void Gateway::on_change(const vault::Change& change) {
  directory_.on_change(change);
  followers_.on_change(change);
  // A token was made or revoked: who only listens would not be asked for it again.
  if (change.table == "agent_tokens") {
    for (const std::string& identity : authenticator_.identities_of(TokenId{change.id}))
      end_sessions(identity);
  }
}

void Gateway::end_sessions(std::string_view identity) {
  endpoint_.end_sessions(identity);
  aggregate_endpoint_.end_sessions(identity);
  connections_.end_sessions(identity);
}

void Gateway::watch_expiry() {
  if (parts_.tasks.closed() || std::exchange(watching_expiry_, true)) return;
  parts_.tasks.spawn("end_expired", end_expired());
}

// Who only listens is not asked for the token again.
Task<> Gateway::end_expired() {
  try {
    while (const std::optional<SystemTime> next = authenticator_.next_expiry()) {
      // One that holds on beyond its end is looked at again, without haste.
      const Duration left = *next - parts_.clock.now();
      const bool due = left > Duration::zero() && left < kExpiryTick;
      co_await sleep_for(due ? std::max<Duration>(left, kLeastExpiryTick) : kExpiryTick);
      for (const std::string& identity : authenticator_.take_expired(parts_.clock.now()))
        end_sessions(identity);
    }
  } catch (...) {
    watching_expiry_ = false;
    throw;
  }
  watching_expiry_ = false;
}

void Gateway::on_feed_lost() {
  directory_.drop();
}

Task<Result<void>> Gateway::prepare() {
  co_return co_await directory_.ensure_fresh();
}

}  // namespace gatehouse::gateway
