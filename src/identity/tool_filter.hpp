// Which tools of a connection exist for anybody at all (prior-art trap 69: a filter that is parsed
// must be enforced). Asked by the gateway's directory and by every command that names tools; what
// it refuses is unknown, as if the server did not offer it. Pure.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "vault/records.hpp"

namespace gatehouse::identity {

/// `*` stands for any run of characters, the empty one too, `?` for exactly one character (UTF-8).
/// Nothing else is special; upper and lower case differ. Linear in both lengths times the number of
/// characters, never exponential.
bool matches_glob(std::string_view glob, std::string_view name);

/// Exclude wins; an empty include means all.
bool allows_tool(const vault::ToolFilter& filter, std::string_view tool);

/// What may be kept as a glob. Errors: invalid_argument: empty, too long (kToolGlobBytes), or with
/// control characters.
Result<void> check_glob(std::string_view glob);

/// Whether agents are to know of the connection: an MCP server that nobody has disabled.
bool is_served(const vault::Connection& connection);

}  // namespace gatehouse::identity
