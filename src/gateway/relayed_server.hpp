// What /mcp/c tells of the server behind it: its capabilities as far as we pass them on, and pages
// of its tool list without the tools that policy leaves out. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "mcp/request.hpp"

namespace gatehouse::gateway {

/// The ServerCapabilities object for our clients, from the server's own (reference D-2, G-14): all
/// that is known, and extensions whatever they are. `tasks` of 2025-11-25, another dialect than the
/// extension, is left out.
std::string relayed_server_capabilities(std::string_view raw);

/// Whether the capabilities name any extension.
bool has_extensions(std::string_view raw_capabilities);

/// Members of one page of tools/list, for our client: `allows` decides by name and raw definition,
/// `seal` makes a cursor of ours from the server's (raw JSON string in and out). Nothing: the page
/// may pass as it is. What is left out makes the page private (reference K-2).
std::optional<std::string> filter_tool_page(
    std::string_view raw_page,
    const std::function<bool(std::string_view name, std::string_view raw)>& allows,
    const std::function<std::string(std::string_view raw_cursor)>& seal);

}  // namespace gatehouse::gateway
