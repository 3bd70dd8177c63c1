// The MCP endpoints of the gateway by path, and the RFC 9728 documents that describe them: /mcp
// (two tools), /mcp/all (everything granted), /mcp/c/<connection> (one server as it is). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::gateway {

inline constexpr std::string_view kMcpPath = "/mcp";
inline constexpr std::string_view kAggregatePath = "/mcp/all";
inline constexpr std::string_view kConnectionPrefix = "/mcp/c/";
inline constexpr std::string_view kResourceMetadataPrefix = "/.well-known/oauth-protected-resource";

/// Whether `path` has the form of an endpoint's; whether there is such a connection is nobody's
/// business before authentication.
bool is_endpoint_path(std::string_view path);

/// The connection that a path of that form names; nothing for other paths.
std::optional<std::string_view> connection_of_path(std::string_view path);

/// Of one connection: "/mcp/c/notes".
std::string connection_path(std::string_view connection);

}  // namespace gatehouse::gateway
