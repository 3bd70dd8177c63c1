// Connector: URL → connected, encrypted, checked connection: resolve, check every address, connect
// to a checked address, CONNECT where a proxy asks for it, TLS (design: rule 3). The only place of
// the client that opens sockets. Used by GuardedClient.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/url.hpp"
#include "net/address_guard.hpp"
#include "net/call_limit.hpp"
#include "net/http_client_connection.hpp"
#include "net/proxy.hpp"
#include "net/resolver.hpp"
#include "net/tls_context.hpp"
#include "net/wire.hpp"

namespace gatehouse::net {

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct Dialed {
  TcpSocket socket;
  Endpoint endpoint;
};

/// Opens TCP connections. An interface, so that tests record attempts instead of making them.
class Dialer {
 public:
  virtual ~Dialer() = default;
  /// Connects to one of the endpoints, preferring earlier ones (as RFC 8305 does). Errors:
  /// unavailable (says why each failed), timeout, cancelled.
  virtual Task<Result<Dialed>> dial(std::vector<Endpoint> endpoints, CallLimit& limit) = 0;
};

std::unique_ptr<Dialer> make_dialer(Executor executor, DeadlineWheel& wheel);

class Connector final {
 public:
  struct Parts {
    std::unique_ptr<Resolver> resolver;
    std::unique_ptr<Dialer> dialer;
  };
  /// `shared` and `guard` must outlive the connector.
  Connector(ClientShared& shared, const AddressGuard& guard, Parts parts, std::string extra_ca_file,
            const ProxyRules& proxies);

  /// Errors: blocked_address, unavailable, timeout, tls, cancelled.
  /// `legs`, where given, is told of each leg as it ends.
  Task<Result<std::shared_ptr<ClientConnection>>> connect(const http::Url& url, Passage passage,
                                                          CallLimit& limit,
                                                          std::vector<http::Leg>* legs = nullptr);

 private:
  using Addresses = std::vector<IpAddress>;
  Task<Result<Addresses>> resolve_checked(const http::Url& url, Passage passage, CallLimit& limit);
  Task<Result<std::unique_ptr<Wire>>> dial(const Addresses& addresses, std::uint16_t port,
                                           CallLimit& limit, Addresses& connected);
  Task<Result<std::unique_ptr<Wire>>> dial_proxy(const Proxy& proxy, const http::Url& url,
                                                 CallLimit& limit);
  Task<Result<void>> start_tls(Wire& wire, const std::string& host, CallLimit& limit);
  Result<const TlsContext*> tls();

  ClientShared& shared_;
  const AddressGuard& guard_;
  Parts parts_;
  std::string extra_ca_file_;
  const ProxyRules& proxies_;
  std::unique_ptr<TlsContext> tls_;  ///< made at the first use: it reads files
};

/// Asks the proxy on the other end of `wire` for a tunnel to `url`. Errors: as Connector::connect.
Task<Result<void>> open_tunnel(Wire& wire, const Proxy& proxy, const http::Url& url,
                               CallLimit& limit);

/// Waits until `wire` can do what `status` asks for. False when the limit has stopped; then the
/// wire is closed.
Task<bool> wait_for(Wire& wire, Wire::Status status, CallLimit& limit);

}  // namespace gatehouse::net
