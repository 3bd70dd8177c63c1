#include "identity/decision.hpp"

#include <algorithm>

#include "identity/tool_filter.hpp"

namespace gatehouse::identity {

bool may_see(const Principal& principal, const vault::Connection& connection) {
  return principal.organization == connection.organization && is_served(connection);
}

bool has_scope(const Principal& principal, std::string_view scope) {
  if (std::ranges::find(principal.scopes, scope) != principal.scopes.end()) return true;
  return scope == kReadScope &&
         std::ranges::find(principal.scopes, kWriteScope) != principal.scopes.end();
}

Decision decide(const Principal& principal, const vault::Connection& connection, Access access) {
  if (!may_see(principal, connection)) return {Verdict::unknown, {}};
  const std::string_view needed = access == Access::read ? kReadScope : kWriteScope;
  if (has_scope(principal, needed)) return {Verdict::allow, {}};
  return {Verdict::insufficient_scope, std::string(needed)};
}

}  // namespace gatehouse::identity
