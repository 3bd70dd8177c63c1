#include "net/connector.hpp"

#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/system/system_error.hpp>

#include "async/use_task.hpp"
#include "base/limits.hpp"

namespace gatehouse::net {

Task<bool> wait_for(Wire& wire, Wire::Status status, CallLimit& limit) {
  const CallLimit::Phase phase(limit, [&wire] { wire.close(); });
  if (limit.stopped()) co_return false;
  const auto what = status == Wire::Status::want_write ? boost::asio::socket_base::wait_write
                                                       : boost::asio::socket_base::wait_read;
  boost::system::error_code error;
  co_await wire.socket().async_wait(what, boost::asio::redirect_error(use_task, error));
  if (limit.stopped()) co_return false;
  if (error == boost::asio::error::operation_aborted) throw boost::system::system_error(error);
  co_return true;
}

namespace {

/// Tells of the legs of one connect(); nothing where nobody listens.
class Trail final {
 public:
  explicit Trail(std::vector<http::Leg>* legs) : legs_(legs) {
    if (legs_ != nullptr) start_ = std::chrono::steady_clock::now();
  }
  bool is_kept() const { return legs_ != nullptr; }
  void end(http::Leg::Kind kind, std::string detail, std::optional<Error> error = std::nullopt) {
    if (legs_ == nullptr) return;
    const auto now = std::chrono::steady_clock::now();
    legs_->push_back({kind, std::move(detail), std::move(error),
                      std::chrono::duration_cast<std::chrono::microseconds>(now - start_)});
    start_ = now;
  }

 private:
  std::vector<http::Leg>* legs_;
  std::chrono::steady_clock::time_point start_;
};

std::string describe_addresses(const http::Url& url, const std::vector<IpAddress>& addresses) {
  std::string text = url.host() + (url.is_ip_literal() ? " is an address" : " is");
  if (url.is_ip_literal()) return text;
  for (const IpAddress& address : addresses) text += " " + address.text();
  return text;
}

}  // namespace

Connector::Connector(ClientShared& shared, const AddressGuard& guard, Parts parts,
                     std::string extra_ca_file, const ProxyRules& proxies)
    : shared_(shared),
      guard_(guard),
      parts_(std::move(parts)),
      extra_ca_file_(std::move(extra_ca_file)),
      proxies_(proxies) {}

Task<Result<Connector::Addresses>> Connector::resolve_checked(const http::Url& url, Passage passage,
                                                              CallLimit& limit) {
  Result<Addresses> addresses;
  if (const auto literal = IpAddress::parse(url.host())) {
    addresses = Addresses{*literal};
  } else {
    addresses = co_await parts_.resolver->resolve(url.host(), limit);
  }
  if (!addresses) co_return std::unexpected(addresses.error());
  // One refused address refuses all: a name that mixes them is how rebinding looks.
  for (const IpAddress& address : *addresses) {
    const Result<void> checked = guard_.check_address(passage, address);
    if (!checked) co_return std::unexpected(checked.error());
  }
  co_return addresses;
}

Task<Result<std::unique_ptr<Wire>>> Connector::dial(const Addresses& addresses, std::uint16_t port,
                                                    CallLimit& limit, Addresses& connected) {
  std::vector<Endpoint> endpoints;
  for (const IpAddress& address : addresses) endpoints.push_back({address, port});
  Result<Dialed> dialed = co_await parts_.dialer->dial(std::move(endpoints), limit);
  if (!dialed) co_return std::unexpected(dialed.error());
  connected = {dialed->endpoint.address};
  co_return std::make_unique<Wire>(std::move(dialed->socket));
}

Task<Result<std::unique_ptr<Wire>>> Connector::dial_proxy(const Proxy& proxy, const http::Url& url,
                                                          CallLimit& limit) {
  // The proxy is configured by name and thereby allowed: its address is not looked at.
  const Result<Addresses> addresses = co_await parts_.resolver->resolve(proxy.host, limit);
  if (!addresses) co_return std::unexpected(addresses.error());
  Addresses connected;
  Result<std::unique_ptr<Wire>> wire = co_await dial(*addresses, proxy.port, limit, connected);
  if (!wire) {
    wire.error().detail = "the proxy cannot be reached: " + wire.error().detail;
    co_return std::unexpected(wire.error());
  }
  if (!url.is_https()) co_return wire;
  const Result<void> tunnel = co_await open_tunnel(**wire, proxy, url, limit);
  if (!tunnel) co_return std::unexpected(tunnel.error());
  co_return wire;
}

Task<Result<std::shared_ptr<ClientConnection>>> Connector::connect(const http::Url& url,
                                                                   Passage passage,
                                                                   CallLimit& limit,
                                                                   std::vector<http::Leg>* legs) {
  Trail trail(legs);
  const Proxy* const proxy = proxies_.find(url);
  Result<Addresses> addresses = co_await resolve_checked(url, passage, limit);
  // Behind a proxy names need not resolve here; what does resolve here has been checked.
  const bool proxy_resolves =
      proxy != nullptr && !addresses && !limit.stopped() &&
      (addresses.error().code == Errc::unavailable || addresses.error().code == Errc::timeout);
  if (!addresses && !proxy_resolves) {
    trail.end(http::Leg::Kind::name, {}, addresses.error());
    co_return std::unexpected(addresses.error());
  }
  if (trail.is_kept())
    trail.end(http::Leg::Kind::name,
              addresses ? describe_addresses(url, *addresses)
                        : url.host() + " is not known here; the proxy resolves it");
  Addresses checked;
  if (proxy != nullptr && addresses) checked = *addresses;
  Result<std::unique_ptr<Wire>> wire;
  if (proxy != nullptr) {
    wire = co_await dial_proxy(*proxy, url, limit);
  } else {
    wire = co_await dial(*addresses, url.port(), limit, checked);
  }
  if (!wire) {
    Error error = wire.error();
    const bool named = proxy == nullptr && IpAddress::parse(url.host());  // each attempt says it
    if (error.code == Errc::unavailable && !named)
      error.detail = url.authority() + ": " + error.detail;
    trail.end(proxy != nullptr ? http::Leg::Kind::proxy : http::Leg::Kind::connection, {}, error);
    co_return std::unexpected(std::move(error));
  }
  if (trail.is_kept() && proxy != nullptr)
    trail.end(http::Leg::Kind::proxy,
              fmt::format("through the proxy {}:{}, which decides what is connected to",
                          proxy->host, proxy->port));
  if (trail.is_kept() && proxy == nullptr)
    trail.end(http::Leg::Kind::connection,
              fmt::format("connected to {} port {}", checked.front().text(), url.port()));
  if (url.is_https()) {
    const Result<void> encrypted = co_await start_tls(**wire, url.host(), limit);
    if (!encrypted) {
      trail.end(http::Leg::Kind::encryption, {}, encrypted.error());
      co_return std::unexpected(encrypted.error());
    }
    if (trail.is_kept()) trail.end(http::Leg::Kind::encryption, (*wire)->describe_tls());
  }
  co_return std::make_shared<ClientConnection>(shared_, std::move(*wire), std::move(checked));
}

Result<const TlsContext*> Connector::tls() {
  if (!tls_) {
    Result<std::unique_ptr<TlsContext>> opened = TlsContext::open(extra_ca_file_);
    if (!opened) return std::unexpected(opened.error());
    tls_ = std::move(*opened);
  }
  return tls_.get();
}

Task<Result<void>> Connector::start_tls(Wire& wire, const std::string& host, CallLimit& limit) {
  const Result<const TlsContext*> context = tls();
  if (!context) co_return std::unexpected(context.error());
  if (const Result<void> started = wire.start_tls(**context, host); !started) co_return started;
  bool slow = false;
  Deadline deadline(shared_.wheel, [&] {
    slow = true;
    wire.close();
  });
  deadline.set(limit.connect_timeout());
  while (true) {
    const Wire::Step step = wire.handshake();
    if (step.status == Wire::Status::done) co_return Result<void>{};
    const bool waits =
        step.status == Wire::Status::want_read || step.status == Wire::Status::want_write;
    if (!waits) co_return std::unexpected(wire.describe_failure(host));
    bool ready = false;
    try {
      ready = co_await wait_for(wire, step.status, limit);
    } catch (const boost::system::system_error&) {
      if (!slow) throw;
    }
    if (slow)
      co_return fail(Errc::timeout, fmt::format("the TLS handshake with {} took longer than {} ms",
                                                host, limit.connect_timeout().count()));
    if (!ready) co_return std::unexpected(stop_error(limit, "the TLS handshake with " + host));
  }
}

}  // namespace gatehouse::net
