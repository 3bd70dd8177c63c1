// What of an agent's request goes on to the server, apart from tool name and arguments: further
// members of params, and the members of `_meta` that are not made anew on each hop (reference G-3,
// G-10). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mcp_server/service.hpp"

namespace gatehouse::gateway {

/// The members of params without braces, `_meta` and the retry's members; `replace`d ones have
/// another value.
struct Replacement {
  std::string_view member;
  std::string_view raw;
};
std::string upstream_params(const mcp_server::Call& call,
                            std::optional<Replacement> replace = std::nullopt);

/// Whether a tools/call has members that neither we nor its name and arguments account for.
bool has_further_members(const mcp_server::Call& call);

enum class LogWish { drop, pass };  ///< whether the level that the request asks for goes on
/// Vendor keys, traceparent and the like, without braces; empty when there are none.
std::string upstream_meta(const mcp_server::Call& call, LogWish wish);

/// The client's progressToken as raw JSON; empty: it wants no progress.
std::string_view progress_token(const mcp_server::Call& call);

}  // namespace gatehouse::gateway
