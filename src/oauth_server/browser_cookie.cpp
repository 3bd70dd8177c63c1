#include "oauth_server/browser_cookie.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "base/random.hpp"

namespace gatehouse::oauth_server {
namespace {

/// Cookies do not know ports, so the name has to be ours alone on this host.
std::string cookie_name(const Settings& settings) {
  const bool https = settings.issuer.starts_with("https://");
  return (https ? "__Host-consent-" : "consent-") + hash_of(settings.issuer).substr(0, 8);
}

}  // namespace

std::string find_browser(const Settings& settings, const http::Request& request) {
  const std::string name = cookie_name(settings);
  for (const std::string_view header : request.headers.find_all("Cookie")) {
    std::string_view rest = header;
    while (!rest.empty()) {
      const std::size_t end = rest.find(';');
      const std::string_view pair = trim_ows(rest.substr(0, end));
      if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
        return std::string(pair.substr(name.size() + 1));
      }
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
  }
  return {};
}

std::string keep_or_make_browser(const Settings& settings, const http::Request& request) {
  std::string known = find_browser(settings, request);
  return known.size() >= 43 ? known : random_token(32);
}

std::string make_cookie(const Settings& settings, std::string_view value) {
  const bool https = settings.issuer.starts_with("https://");
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=600{}", cookie_name(settings),
                     value, https ? "; Secure" : "");
}

}  // namespace gatehouse::oauth_server
