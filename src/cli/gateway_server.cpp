#include "cli/gateway_server.hpp"

#include <fmt/format.h>

#include <charconv>
#include <thread>

#include "net/signals.hpp"

namespace gatehouse::cli {
namespace {

constexpr std::size_t kMostShards = 64;

Task<> run_server(net::HttpServer& server) {
  co_await server.run();
}

}  // namespace

Result<net::ServerConfig> parse_listen(const std::string& text, std::string_view flag) {
  net::ServerConfig config;
  const std::size_t colon = text.rfind(':');
  const std::string_view digits =
      colon == std::string::npos ? std::string_view() : std::string_view(text).substr(colon + 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), config.port);
  if (colon == 0 || digits.empty() || error != std::errc() || end != digits.data() + digits.size())
    return fail(Errc::invalid_argument,
                fmt::format("{} takes ADDRESS:PORT, such as 127.0.0.1:8484", flag));
  config.address = text.substr(0, colon);
  return config;
}

Result<std::size_t> parse_shards(const std::string& text) {
  if (text == "auto") return 0;
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < 1 || count > kMostShards)
    return fail(Errc::invalid_argument,
                fmt::format("is auto or a number from 1 to {}", kMostShards));
  return count;
}

// The gateway must know its address before it exists, so the server is made first, with the door.
struct GatewayServer::Shard {
  Shard(Services& services, const gateway::SessionIds& ids) : door(services.place(), ids) {}
  void open(Services& services, const std::string& authority, const gateway::SessionIds& ids) {
    host.emplace(services, std::vector<std::string>{authority}, &ids);
    tasks.emplace(services.executor, services.log);
  }

  gateway::ShardDoor door;
  std::unique_ptr<net::HttpServer> server;
  std::optional<GatewayHost> host;
  std::optional<TaskGroup> tasks;
};

GatewayServer::GatewayServer(Services& services, std::unique_ptr<gateway::SessionIds> ids)
    : log_(services.log),
      executor_(services.executor),
      fleet_(services.fleet),
      ids_(std::move(ids)) {}

GatewayServer::~GatewayServer() = default;

Task<Result<std::unique_ptr<GatewayServer>>> GatewayServer::start(Services& services,
                                                                  net::ServerConfig config,
                                                                  std::size_t shards) {
  if (shards == 0)
    shards = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMostShards);
  if (shards > 1) {
    if (Result<void> more = services.fleet.start(shards); !more)
      co_return std::unexpected(more.error());
  }
  std::unique_ptr<GatewayServer> server(new GatewayServer(
      services,
      std::make_unique<gateway::SessionIds>(services.settings.state_keys.current().bytes)));
  if (Result<void> opened = co_await server->open(std::move(config)); !opened) {
    co_await server->stop();
    co_return std::unexpected(opened.error());
  }
  co_return std::move(server);
}

Task<Result<void>> GatewayServer::open(net::ServerConfig config) {
  const std::size_t count = shards();
  shards_.resize(count);
  config.max_connections = (config.max_connections + count - 1) / count;
  if (count > 1) {
    // Whoever shares a port with SO_REUSEPORT is not told of another program that does.
    struct Nobody final : http::Handler {
      Task<> handle(http::Exchange&) override { co_return; }
    } nobody;
    Result<std::unique_ptr<net::HttpServer>> alone =
        net::HttpServer::listen(executor_, log_, config, nobody);
    if (!alone) co_return std::unexpected(alone.error());
    config.port = (*alone)->port();
    co_await (*alone)->drain();
    config.reuse_port = true;
  }
  for (std::size_t shard = 0; shard < count; ++shard) {
    Result<void> opened = co_await fleet_.shards().run<Result<void>>(
        shard, [this, shard, config] { return open_one(shard, config); });
    if (!opened) co_return opened;
  }
  for (std::size_t shard = 0; shard < count; ++shard) {
    Result<void> started = co_await fleet_.shards().run<Result<void>>(
        shard, [this, shard] { return start_one(shard); });
    if (!started) co_return started;
  }
  co_await on_each("http_servers", &GatewayServer::serve_one);
  co_return Result<void>{};
}

Task<Result<void>> GatewayServer::open_one(std::size_t shard, net::ServerConfig config) {
  Services& services = fleet_.services(shard);
  auto made = std::make_unique<Shard>(services, *ids_);
  Result<std::unique_ptr<net::HttpServer>> server =
      net::HttpServer::listen(services.executor, log_, std::move(config), made->door);
  if (!server) co_return std::unexpected(server.error());
  made->server = std::move(*server);
  if (shard == 0) authority_ = made->server->authority();
  made->open(services, authority_, *ids_);
  shards_[shard] = std::move(made);
  co_return Result<void>{};
}

// All of them are there, and nobody is let in yet.
Task<Result<void>> GatewayServer::start_one(std::size_t shard) {
  std::vector<GatewayHost*> hosts;
  std::vector<http::Handler*> gateways;
  for (const std::unique_ptr<Shard>& other : shards_) {
    hosts.push_back(&*other->host);
    gateways.push_back(&other->host->gateway());
  }
  Shard& self = *shards_[shard];
  self.door.lead_to(std::move(gateways));
  if (hosts.size() > 1) self.host->join(std::move(hosts));
  co_return co_await self.host->start();
}

Task<> GatewayServer::serve_one(std::size_t shard) {
  shards_[shard]->tasks->spawn("http_server", run_server(*shards_[shard]->server));
  co_return;
}

Task<> GatewayServer::on_each(const char* name, Task<> (GatewayServer::*step)(std::size_t)) {
  TaskGroup steps(executor_, log_);
  for (std::size_t shard = 0; shard < shards_.size(); ++shard) {
    if (!shards_[shard]) continue;
    steps.spawn(name, run_on(fleet_.shards().loop(shard),
                             [this, shard, step] { return (this->*step)(shard); }));
  }
  co_await steps.drain();
}

// A stream may belong to a session here and to a connection of another shard.
Task<> GatewayServer::end_streams_of_one(std::size_t shard) {
  if (shards_[shard]->host) shards_[shard]->host->gateway().end_streams();
  co_return;
}

Task<> GatewayServer::drain_one(std::size_t shard) {
  co_await shards_[shard]->server->drain();
}

Task<> GatewayServer::stop_one(std::size_t shard) {
  if (shards_[shard]->tasks) co_await shards_[shard]->tasks->shutdown();
  if (shards_[shard]->host) co_await shards_[shard]->host->stop();
}

Task<> GatewayServer::destroy_one(std::size_t shard) {
  shards_[shard].reset();
  co_return;
}

// Each step ends on every shard before the next begins: until then one may answer for another.
Task<> GatewayServer::stop() {
  co_await on_each("end_streams", &GatewayServer::end_streams_of_one);
  co_await on_each("drain", &GatewayServer::drain_one);
  co_await on_each("stop", &GatewayServer::stop_one);
  co_await on_each("destroy", &GatewayServer::destroy_one);
}

Termination::Termination(Services& services)
    : tasks_(services.executor, services.log), changed_(services.executor) {
  tasks_.spawn("signals", watch());
}

Task<> Termination::watch() {
  armed_ = true;
  changed_.notify_all();
  signal_ = co_await net::wait_for_termination();
  changed_.notify_all();
}

Task<> Termination::armed() {
  while (!armed_) co_await changed_.wait();
}

Task<int> Termination::signal() {
  while (signal_ == 0) co_await changed_.wait();
  co_return signal_;
}

Task<> Termination::stop() {
  co_await tasks_.shutdown();
}

}  // namespace gatehouse::cli
