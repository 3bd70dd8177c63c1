#include "net/proxy.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/encoding.hpp"

namespace gatehouse::net {
namespace {

Result<std::optional<Proxy>> parse_proxy(std::string_view value, std::string_view name) {
  value = trim_ows(value);
  if (value.empty()) return std::optional<Proxy>();
  std::string text(value);
  if (text.find("://") == std::string::npos) text.insert(0, "http://");
  if (!ascii_iequal(text.substr(0, 7), "http://")) {
    return fail(Errc::invalid_argument, fmt::format("{} does not begin with http://", name),
                "only plain HTTP proxies are supported, such as http://proxy.example.com:3128");
  }
  Proxy proxy;
  const std::size_t end = text.find('/', 7);
  const std::size_t at = text.substr(0, end).rfind('@');
  if (at != std::string::npos) {
    const auto credentials = percent_decode(std::string_view(text).substr(7, at - 7));
    if (!credentials)
      return fail(Errc::invalid_argument, fmt::format("{} has malformed user information", name));
    proxy.authorization = Secret("Basic " + base64_encode(*credentials));
    text.erase(7, at - 7 + 1);
  }
  const Result<http::Url> url = http::Url::parse(text, name);
  if (!url) return fail(Errc::invalid_argument, fmt::format("{} is not a valid proxy URL", name));
  proxy.host = url->host();
  proxy.port = url->port();
  return std::optional<Proxy>(std::move(proxy));
}

}  // namespace

ProxyRules::Exception ProxyRules::parse_exception(std::string_view text) {
  Exception exception;
  const std::size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  const bool bracketed = address.starts_with('[') && address.ends_with(']');
  exception.network = IpAddress::parse(bracketed ? address.substr(1, address.size() - 2) : address);
  if (exception.network) {
    const int whole = exception.network->is_v6 ? 128 : 32;
    exception.bits = whole;
    if (slash != std::string_view::npos) {
      const std::string_view digits = text.substr(slash + 1);
      std::from_chars(digits.data(), digits.data() + digits.size(), exception.bits);
    }
    if (exception.bits < 0 || exception.bits > whole) exception.bits = whole;
    return exception;
  }
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    const std::string_view digits = text.substr(colon + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), exception.port);
    text = text.substr(0, colon);
  }
  if (text.starts_with("*.")) text.remove_prefix(1);
  if (text.starts_with('.')) text.remove_prefix(1);
  exception.suffix = ascii_lower(text);
  return exception;
}

Result<ProxyRules> ProxyRules::make(const ProxyConfig& config) {
  ProxyRules rules;
  Result<std::optional<Proxy>> plain = parse_proxy(config.http_proxy, "HTTP_PROXY");
  if (!plain) return std::unexpected(plain.error());
  Result<std::optional<Proxy>> secure = parse_proxy(config.https_proxy, "HTTPS_PROXY");
  if (!secure) return std::unexpected(secure.error());
  rules.http_ = std::move(*plain);
  rules.https_ = std::move(*secure);
  std::string_view rest = config.no_proxy;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view entry = trim_ows(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    if (entry == "*") rules.none_ = true;
    if (!entry.empty()) rules.exceptions_.push_back(parse_exception(entry));
  }
  return rules;
}

bool ProxyRules::is_exception(const http::Url& url) const {
  const std::optional<IpAddress> literal = IpAddress::parse(url.host());
  for (const Exception& exception : exceptions_) {
    if (exception.network) {
      if (literal && in_prefix(*literal, *exception.network, exception.bits)) return true;
      continue;
    }
    if (exception.suffix.empty()) continue;
    if (exception.port != 0 && exception.port != url.port()) continue;
    if (url.host() == exception.suffix || url.host().ends_with("." + exception.suffix)) return true;
  }
  return false;
}

const Proxy* ProxyRules::find(const http::Url& url) const {
  const std::optional<Proxy>& proxy = url.is_https() ? https_ : http_;
  if (!proxy || none_ || url.names_loopback() || is_exception(url)) return nullptr;
  return &*proxy;
}

}  // namespace gatehouse::net
