// Who may do what: grants first, then the token's scope (design §3). Pure. What lies outside a
// grant is unknown, as if it did not exist; what lies inside it but beyond the scope is
// insufficient_scope, naming every scope the operation needs.
#pragma once

#include <string>
#include <string_view>

#include "identity/principal.hpp"
#include "vault/records.hpp"

namespace gatehouse::identity {

/// Scopes of agent tokens. `mcp:write` includes `mcp:read`.
inline constexpr std::string_view kReadScope =
    "mcp:read";  ///< search, and tools that their server marks as read-only
inline constexpr std::string_view kWriteScope = "mcp:write";  ///< every tool

enum class Access { read, write };
enum class Verdict { allow, unknown, insufficient_scope };

struct Decision {
  Verdict verdict = Verdict::unknown;
  std::string required_scope;  ///< insufficient_scope: all that is needed, space separated
};

/// Whether the connection exists for this principal at all.
bool may_see(const Principal& principal, const vault::Connection& connection);

Decision decide(const Principal& principal, const vault::Connection& connection, Access access);

bool has_scope(const Principal& principal, std::string_view scope);

}  // namespace gatehouse::identity
