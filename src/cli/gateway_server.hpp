// GatewayServer: the gateway listening over HTTP, on one or several shards that share the address
// (SO_REUSEPORT). Used by serve and demo.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/gateway_host.hpp"
#include "gateway/session_ids.hpp"
#include "gateway/shard_door.hpp"
#include "net/server.hpp"

namespace gatehouse::cli {

/// "127.0.0.1:8484". Errors: invalid_argument, naming the flag.
Result<net::ServerConfig> parse_listen(const std::string& text, std::string_view flag);

/// "4", or "auto": 0, one per core. Errors: invalid_argument, without the place that said it.
Result<std::size_t> parse_shards(const std::string& text);

class GatewayServer final {
 public:
  /// Listens and lets agents in, on `shards` shards; 0: one per core. Used from shard 0, whose
  /// `services` must outlive it. Errors: those of HttpServer::listen, storage, unavailable.
  static Task<Result<std::unique_ptr<GatewayServer>>> start(Services& services,
                                                            net::ServerConfig config,
                                                            std::size_t shards = 1);
  ~GatewayServer();
  GatewayServer(const GatewayServer&) = delete;
  GatewayServer& operator=(const GatewayServer&) = delete;

  std::string url() const { return "http://" + authority_; }
  std::size_t shards() const { return fleet_.shards().size(); }
  /// Drains: requests under way finish. Await it before destruction.
  Task<> stop();

 private:
  struct Shard;
  GatewayServer(Services& services, std::unique_ptr<gateway::SessionIds> ids);
  Task<Result<void>> open(net::ServerConfig config);
  Task<Result<void>> open_one(std::size_t shard, net::ServerConfig config);
  Task<Result<void>> start_one(std::size_t shard);
  Task<> on_each(const char* name, Task<> (GatewayServer::*step)(std::size_t));
  Task<> serve_one(std::size_t shard);
  Task<> end_streams_of_one(std::size_t shard);
  Task<> drain_one(std::size_t shard);
  Task<> stop_one(std::size_t shard);
  Task<> destroy_one(std::size_t shard);

  Logger& log_;
  Executor executor_;
  ShardFleet& fleet_;
  std::unique_ptr<gateway::SessionIds> ids_;
  std::string authority_;
  std::vector<std::unique_ptr<Shard>> shards_;  ///< each is made, used and destroyed on its own
};

/// Waits for SIGTERM or Ctrl-C. Made before the ready line is printed, for whoever reads that may
/// end us at once.
class Termination final {
 public:
  explicit Termination(Services& services);
  /// Returns once a signal would be noticed.
  Task<> armed();
  Task<int> signal();
  /// Await it before destruction.
  Task<> stop();

 private:
  Task<> watch();
  TaskGroup tasks_;
  Condition changed_;
  bool armed_ = false;
  int signal_ = 0;
};

}  // namespace gatehouse::cli
