// GuardedClient: http::Client over the guarded connector and the pool: redirects, retries, limits,
// streams. Made by net/client.hpp's make_client(), and by tests with parts of their own.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/log.hpp"
#include "http/client.hpp"
#include "http/url.hpp"
#include "net/client.hpp"
#include "net/client_pool.hpp"
#include "net/connector.hpp"
#include "net/proxy.hpp"

namespace gatehouse::net {

class GuardedClient final : public http::Client {
 public:
  struct Parts {
    std::unique_ptr<Resolver> resolver;  ///< null: the system's
    std::unique_ptr<Dialer> dialer;      ///< null: real connections
    ClientPool::Limits pool;
  };
  GuardedClient(Executor executor, Workers& workers, Logger& logger, ClientConfig config,
                Parts parts);

  Task<Result<http::Reply>> send(http::Request request, http::SendOptions options) override;
  Task<Result<std::vector<http::Leg>>> trace(std::string url, http::SendOptions options) override;

 private:
  /// What is worth knowing about a URL, kept so that it is parsed once.
  struct Target {
    http::Url url;
    std::string origin;
    std::string authority;
    std::string request_target;  ///< as in the request line
    const Proxy* absolute_form_proxy = nullptr;
    std::optional<IpAddress> forbidden;  ///< a literal address that nothing opens
    ClientPool::OriginPtr pool;
  };
  using TargetPtr = std::shared_ptr<const Target>;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  Result<TargetPtr> find_target(std::string_view text);
  Result<void> check(const Target& target, const Passage& passage) const;
  Task<Result<http::Reply>> exchange(const Target& target, const http::Request& request,
                                     const http::SendOptions& options, CallLimit& limit);
  Result<void> write_head(ClientConnection& connection, const Target& target,
                          const http::Request& request, const http::SendOptions& options) const;
  http::Reply make_reply(ClientPool::Slot slot, const Target& target,
                         const http::SendOptions& options);

  ClientShared shared_;
  Logger& logger_;
  ClientConfig config_;
  AddressGuard guard_;
  Result<ProxyRules> proxies_;
  ProxyRules no_proxies_;
  Connector connector_;
  ClientPool pool_;
  std::unordered_map<std::string, TargetPtr, Hash, std::equal_to<>> targets_;
};

}  // namespace gatehouse::net
