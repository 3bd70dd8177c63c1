#include "cli/gateway_host.hpp"

#include "cli/endpoint_choice.hpp"
#include "cli/json_out.hpp"
#include "oauth/device.hpp"

namespace gatehouse::cli {
namespace {

// RFC-to-be "OAuth Client ID Metadata Document": what names this installation, for authorization
// servers to read. Loopback is there for sign-ins from a terminal on the same store.
std::string client_metadata(const Settings& settings) {
  if (!settings.public_url.starts_with("https://")) return {};
  const std::string id = settings.public_url + std::string(gateway::kClientMetadataPath);
  JsonObject json;
  json.text("client_id", id).text("client_name", "Gatehouse");
  json.text("client_uri", settings.public_url);
  json.texts("redirect_uris", {settings.public_url + std::string(gateway::kOAuthCallbackPath),
                               "http://127.0.0.1/callback", "http://localhost/callback"});
  json.texts("grant_types",
             {"authorization_code", "refresh_token", std::string(oauth::kDeviceGrant)});
  json.texts("response_types", {"code"}).text("token_endpoint_auth_method", "none");
  return json.str();
}

gateway::Gateway::Settings gateway_settings(const Services& services,
                                            std::vector<std::string> authorities,
                                            const gateway::SessionIds* ids) {
  const Settings& settings = services.settings;
  gateway::Gateway::Settings out;
  out.version = settings.version;
  out.public_url = settings.public_url;
  out.authorities = std::move(authorities);
  out.client_metadata = client_metadata(settings);
  out.state_keys = settings.state_keys;
  out.call_limits = settings.call_limits;
  if (ids != nullptr)
    out.make_session_id = [ids, shard = services.shard](std::string_view) {
      return ids->make(shard);
    };
  return out;
}

}  // namespace

GatewayHost::GatewayHost(Services& services, std::vector<std::string> authorities,
                         const gateway::SessionIds* ids)
    : services_(services),
      tasks_(services.executor, services.log),
      feed_(services.store.changes(), services.executor, services.clock, services.log),
      tokens_(services.store.agent_tokens(), services.clock, &feed_),
      gateway_({services.executor, services.store, services.login, services.upstreams, tokens_,
                services.fleet.budgets(), tasks_, services.log, services.log, services.clock,
                &services.workers},
               gateway_settings(services, std::move(authorities), ids)),
      hosts_{this},
      left_(services.executor) {
  if (services.shard == 0) {
    const oauth_client::IdleRefresh::Parts parts{services.store, services.http,  services.tokens,
                                                 tasks_,         services.clock, services.log};
    idle_refresh_ = std::make_unique<oauth_client::IdleRefresh>(parts, organization_of(services));
  }
  feed_.subscribe(
      [this](const vault::Change& change) {
        services_.tokens.on_change(change);
        tokens_.on_change(change);
        gateway_.on_change(change);
        if (idle_refresh_) idle_refresh_->on_change(change);
        services_.upstreams.on_change(change);
      },
      [this] {
        services_.tokens.drop_cache();
        tokens_.drop();
        gateway_.on_feed_lost();
        services_.upstreams.on_feed_lost();
      });
}

GatewayHost::~GatewayHost() = default;

void GatewayHost::join(std::vector<GatewayHost*> hosts) {
  hosts_ = std::move(hosts);
  std::vector<gateway::Gateway*> gateways;
  for (GatewayHost* host : hosts_) gateways.push_back(&host->gateway_);
  gateway_.join(services_.place(), std::move(gateways));
}

// A gateway that others join shows what everybody has; with a project's servers it is for one.
bool GatewayHost::is_for_one() const {
  return services_.files.report().project_in_effect();
}

Task<Result<void>> GatewayHost::settle_files() {
  if (is_for_one() || services_.files.scope() != config::Scope::project) co_return Result<void>{};
  Result<std::vector<ConnectionId>> synced = co_await services_.files.sync(config::Scope::global);
  if (!synced) co_return std::unexpected(synced.error());
  on_files(*synced);
  co_return Result<void>{};
}

Task<Result<void>> GatewayHost::start() {
  if (services_.shard == 0) {
    if (Result<void> settled = co_await settle_files(); !settled) co_return settled;
  }
  Result<void> started = co_await feed_.start();
  if (!started) co_return started;
  Result<void> prepared = co_await gateway_.prepare();
  if (!prepared) co_return prepared;
  tasks_.spawn("change_feed", feed_.run());
  tasks_.spawn("idle_upstreams", services_.upstreams.run_idle_sweep());
  if (services_.shard != 0) co_return Result<void>{};
  tasks_.spawn("refresh_idle_logins", idle_refresh_->run());
  tasks_.spawn("configuration_files",
               services_.files.run_watch(
                   [this](const std::vector<ConnectionId>& changed) { on_files(changed); }));
  if (!is_for_one()) offer_socket();
  co_return Result<void>{};
}

// On shard 0; a shard's host is gone only when shard 0 tells nobody any more.
void GatewayHost::on_files(const std::vector<ConnectionId>& changed) {
  services_.fleet.spread_files([hosts = hosts_, changed](std::size_t shard) {
    GatewayHost& host = *hosts[shard];
    for (const ConnectionId& id : changed) {
      vault::Change change;
      change.table = "connections";
      change.organization = organization_of(host.services_);
      change.id = id.value;
      host.gateway_.on_change(change);
      host.services_.upstreams.on_change(change);
    }
  });
}

void GatewayHost::offer_socket() {
  Result<std::unique_ptr<net::UnixListener>> socket =
      net::UnixListener::open(services_.executor, services_.log, services_.settings.socket);
  if (socket) {
    socket_ = std::move(*socket);
    tasks_.spawn("socket", accept_joining());
  } else if (socket.error().code != Errc::conflict) {
    services_.log.warn("socket_not_offered", {{"reason", socket.error().detail}});
  }
}

Task<> GatewayHost::accept_joining() {
  while (true) {
    Result<std::unique_ptr<jsonrpc::LineChannel>> channel = co_await socket_->accept();
    if (!channel) co_return;
    tasks_.spawn("joined", serve_joined(std::move(*channel)));
  }
}

Task<> GatewayHost::serve_joined(std::shared_ptr<jsonrpc::LineChannel> channel) {
  struct Count {
    explicit Count(GatewayHost& host) : host_(host) { ++host_.joined_; }
    Count(const Count&) = delete;
    Count& operator=(const Count&) = delete;
    ~Count() {
      --host_.joined_;
      host_.left_.notify_all();
    }
    GatewayHost& host_;
  };
  const Count count(*this);
  EndpointChoice choice = co_await read_endpoint_choice(channel);
  if (choice.channel) {
    const Result<void> granted = co_await gateway_.check_endpoint(choice.endpoint);
    if (choice.asked) co_await answer_endpoint_choice(channel, granted);
    if (granted) (void)co_await gateway_.serve_lines(choice.channel, choice.endpoint);
  }
  co_await channel->close();
}

Task<> GatewayHost::wait_until_alone() {
  while (joined_ > 0) co_await left_.wait();
}

Task<> GatewayHost::stop() {
  if (socket_) socket_->close();
  co_await tasks_.shutdown();
  socket_.reset();
}

}  // namespace gatehouse::cli
