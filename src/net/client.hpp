// The factory of the one guarded way out (design: rule 3). Light: the implementation is in
// http_client.cpp. The app reads the environment and the configuration and passes values in.
#pragma once

#include <memory>
#include <string>

#include "async/task.hpp"
#include "async/workers.hpp"
#include "base/log.hpp"
#include "http/client.hpp"

namespace gatehouse::net {

/// The values of HTTP_PROXY, HTTPS_PROXY and NO_PROXY (or their lower-case forms); empty: none.
struct ProxyConfig {
  std::string http_proxy;   ///< proxy for plain http origins
  std::string https_proxy;  ///< proxy for https origins, spoken to with CONNECT
  std::string no_proxy;  ///< comma-separated hosts, .suffixes, IP addresses and CIDR blocks, or "*"
};

struct ClientConfig {
  std::string extra_ca_file;  ///< PEM certificates trusted besides the system's; empty: none
  ProxyConfig proxy;
  std::string user_agent = "gatehouse";
  /// Development and conformance tests: every loopback origin, and plain http to it, is reachable
  /// for every purpose without an allowance.
  bool dangerously_allow_http_loopback = false;
};

/// A client of one shard. `workers` and `logger` must outlive it, and every request must have ended
/// before it is destroyed. Idle connections do not keep the executor's io_context from running out
/// of work.
std::unique_ptr<http::Client> make_client(Executor executor, Workers& workers, Logger& logger,
                                          ClientConfig config);

}  // namespace gatehouse::net
