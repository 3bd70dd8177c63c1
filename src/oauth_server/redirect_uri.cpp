#include "oauth_server/redirect_uri.hpp"

#include <algorithm>

#include "http/url.hpp"

namespace gatehouse::oauth_server {
namespace {

constexpr std::size_t kLongest = 2048;  ///< bytes of one redirect URI

}  // namespace

Result<void> check_redirect_uri(std::string_view uri) {
  if (uri.size() > kLongest) return fail(Errc::policy, "a redirect URI is too long");
  const auto url = http::Url::parse(uri, "the redirect URI");  // refuses fragments and user info
  if (!url) return fail(Errc::policy, url.error().detail);
  if (url->is_https() || url->names_loopback()) return {};
  return fail(Errc::policy,
              "a redirect URI must be https, or http on loopback: " + quote_remote(uri));
}

bool redirect_uri_matches(std::string_view registered, std::string_view requested) {
  if (registered == requested) return true;
  const auto a = http::Url::parse(registered);
  const auto b = http::Url::parse(requested);
  if (!a || !b || a->is_https() || b->is_https()) return false;
  return a->names_loopback() && a->host() == b->host() && a->target() == b->target();
}

bool any_redirect_uri_matches(const std::vector<std::string>& registered,
                              std::string_view requested) {
  return std::ranges::any_of(registered, [requested](const std::string& uri) {
    return redirect_uri_matches(uri, requested);
  });
}

std::string redirect_host(std::string_view uri) {
  const auto url = http::Url::parse(uri);
  return url ? url->authority() : std::string("unknown");
}

bool only_loopback(const std::vector<std::string>& uris) {
  return std::ranges::all_of(uris, [](const std::string& uri) {
    const auto url = http::Url::parse(uri);
    return url && url->names_loopback();
  });
}

std::string with_query(std::string_view uri, std::string_view encoded) {
  std::string out(uri);
  out += uri.find('?') == std::string_view::npos ? '?' : '&';
  return out.append(encoded);
}

}  // namespace gatehouse::oauth_server
