#include "oauth_server/requested.hpp"

#include <algorithm>

#include "oauth/scope.hpp"

namespace gatehouse::oauth_server {

Outcome<std::string> settle_scope(const Settings& settings, std::string_view requested) {
  const auto wanted =
      oauth::split_scope(requested.empty() ? std::string_view(settings.default_scope) : requested);
  for (const std::string& scope : wanted) {
    if (std::ranges::find(settings.scopes, scope, &ScopeInfo::name) == settings.scopes.end()) {
      return refuse("invalid_scope", "unknown scope " + quote_remote(scope, 60));
    }
  }
  return oauth::join_scope(wanted);
}

Outcome<std::string> settle_resource(const Settings& settings, const Parameters& parameters) {
  const std::string_view asked = parameters.get("resource");
  if (parameters.count("resource") > 1) return refuse("invalid_target", "one resource at a time");
  if (asked.empty() && settings.resources.size() == 1) return settings.resources.front();
  if (asked.empty()) return refuse("invalid_target", "the resource parameter is missing");
  if (std::ranges::find(settings.resources, asked) == settings.resources.end()) {
    return refuse("invalid_target", "unknown resource " + quote_remote(asked, 100));
  }
  return std::string(asked);
}

}  // namespace gatehouse::oauth_server
