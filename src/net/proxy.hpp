// Which proxy a request goes through (HTTP_PROXY, HTTPS_PROXY, NO_PROXY). Pure. Used by the
// connector, which speaks to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "http/url.hpp"
#include "net/address_guard.hpp"
#include "net/client.hpp"

namespace gatehouse::net {

struct Proxy {
  std::string host;
  std::uint16_t port = 0;
  Secret authorization;  ///< value of Proxy-Authorization; empty: none
};

class ProxyRules final {
 public:
  /// Accepts "http://[user:password@]host[:port]" and "host:port". Errors: invalid_argument for
  /// anything else (SOCKS and TLS to the proxy are not spoken); names the variable, not its value.
  static Result<ProxyRules> make(const ProxyConfig& config);

  /// The proxy for `url`, or null for a direct connection. Loopback origins are always direct.
  const Proxy* find(const http::Url& url) const;

 private:
  struct Exception {
    std::string suffix;  ///< host name, matches it and what is below it
    std::uint16_t port = 0;
    std::optional<IpAddress> network;
    int bits = 0;
  };
  static Exception parse_exception(std::string_view text);
  bool is_exception(const http::Url& url) const;

  std::optional<Proxy> http_;
  std::optional<Proxy> https_;
  std::vector<Exception> exceptions_;
  bool none_ = false;  ///< NO_PROXY=*
};

}  // namespace gatehouse::net
