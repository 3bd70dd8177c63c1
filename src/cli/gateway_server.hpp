// GatewayServer: the gateway listening over HTTP. Used by serve and demo.
#pragma once

#include <memory>
#include <string>

#include "cli/gateway_host.hpp"
#include "net/server.hpp"

namespace gatehouse::cli {

/// "127.0.0.1:8484". Errors: invalid_argument, naming the flag.
Result<net::ServerConfig> parse_listen(const std::string& text, std::string_view flag);

class GatewayServer final {
 public:
  /// Listens and lets agents in. `services` must outlive it. Errors: those of HttpServer::listen,
  /// storage.
  static Task<Result<std::unique_ptr<GatewayServer>>> start(Services& services,
                                                            net::ServerConfig config);
  ~GatewayServer();

  std::string url() const { return "http://" + server_->authority(); }
  /// Drains: requests under way finish. Await it before destruction.
  Task<> stop();

 private:
  struct Door;
  GatewayServer(Services& services, std::unique_ptr<Door> door,
                std::unique_ptr<net::HttpServer> server);

  std::unique_ptr<Door> door_;
  std::unique_ptr<net::HttpServer> server_;
  GatewayHost host_;
  TaskGroup tasks_;
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
