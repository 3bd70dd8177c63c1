#include "gateway/resource_uris.hpp"

namespace gatehouse::gateway {
namespace {

constexpr std::string_view kOurs = "gatehouse://";
constexpr std::string_view kApps = "ui://";
constexpr std::string_view kWeb = "https://";

std::optional<OriginalUri> split_at_slash(std::string_view rest, std::string_view scheme) {
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  return OriginalUri{std::string(rest.substr(0, slash)),
                     std::string(scheme) + std::string(rest.substr(slash + 1))};
}

}  // namespace

bool is_web_uri(std::string_view uri) {
  return uri.starts_with(kWeb);
}

UriPrefix uri_prefix(std::string_view connection, std::string_view uri) {
  if (is_web_uri(uri)) return {};
  const bool app = uri.starts_with(kApps);
  UriPrefix prefix{std::string(app ? kApps : kOurs), app ? kApps.size() : 0};
  prefix.text.append(connection).append(1, '/');
  return prefix;
}

std::string map_uri(std::string_view connection, std::string_view uri) {
  UriPrefix prefix = uri_prefix(connection, uri);
  return std::move(prefix.text.append(uri.substr(prefix.drop)));
}

std::string explicit_uri(std::string_view connection, std::string_view uri) {
  std::string out(kOurs);
  return out.append(connection).append(1, '/').append(uri);
}

std::optional<OriginalUri> original_uri(std::string_view mapped) {
  if (is_web_uri(mapped)) return OriginalUri{{}, std::string(mapped)};
  if (mapped.starts_with(kApps)) return split_at_slash(mapped.substr(kApps.size()), kApps);
  if (mapped.starts_with(kOurs)) return split_at_slash(mapped.substr(kOurs.size()), {});
  return std::nullopt;
}

}  // namespace gatehouse::gateway
