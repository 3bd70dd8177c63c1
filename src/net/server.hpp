// HttpServer: an HTTP/1.1 server on one address for one handler (RFC 9110, RFC 9112). Light: Beast
// and sockets stay in http_server*.cpp. Two addresses are two servers with the same handler.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "async/task.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "http/server.hpp"

namespace gatehouse::net {

/// Deadlines are rounded up to the next tick of a coarse clock (DeadlineWheel).
struct ServerConfig {
  std::string address = "127.0.0.1";  ///< an IP literal, with or without brackets, or "localhost"
  std::uint16_t port = 0;             ///< 0: any free port, see HttpServer::port()
  bool reuse_port = false;            ///< several shards listen on the same address

  std::size_t max_header_bytes = limits::kHeaderBytes;     ///< beyond: 431
  std::size_t max_body_bytes = limits::kRequestBodyBytes;  ///< beyond: 413
  std::size_t max_connections =
      limits::kServerConnections;  ///< beyond: not accepted until one ends
  std::chrono::milliseconds head_deadline = limits::kHeaderDeadline;  ///< beyond: 408
  std::chrono::milliseconds body_deadline = limits::kBodyDeadline;    ///< beyond: 408
  std::chrono::milliseconds idle = limits::kServerIdle;               ///< between requests
  std::chrono::milliseconds write_stall = limits::kWriteStall;  ///< a reader that takes nothing
  std::chrono::milliseconds drain = limits::kDrain;             ///< for requests under way
};

class HttpServer {
 public:
  /// Binds and listens; nothing is accepted before run(). `logger` and `handler` must outlive the
  /// server. Errors: invalid_argument (address), conflict (in use), policy (not permitted),
  /// unavailable (not an address of this machine).
  static Result<std::unique_ptr<HttpServer>> listen(Executor executor, Logger& logger,
                                                    ServerConfig config, http::Handler& handler);
  /// drain() must have returned, or the io_context must not run any more.
  virtual ~HttpServer() = default;

  virtual std::uint16_t port() const = 0;
  /// "127.0.0.1:8484", "[::1]:8484".
  virtual std::string authority() const = 0;
  /// Accepts and serves until drain() is called, then returns; connections may still be under way.
  virtual Task<> run() = 0;
  /// Stops accepting, closes idle connections, lets requests under way finish for
  /// ServerConfig::drain, then cancels them (Exchange::disconnected()) and a moment later ends
  /// them. Returns when no connection is left. Idempotent.
  virtual Task<> drain() = 0;
  virtual std::size_t connections() const = 0;
};

}  // namespace gatehouse::net
