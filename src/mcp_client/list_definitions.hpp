// The lists of a server, over all pages, with bounds: tools, prompts, resources and resource
// templates as raw definitions. Called by upstream/listing.cpp.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mcp_client/list_tools.hpp"

namespace gatehouse::mcp_client {

enum class ListKind { tools, prompts, resources, resource_templates };

/// "tools/list", "prompts/list", …
std::string_view method_of(ListKind kind);

struct DefinitionList {
  std::vector<std::string> items;         ///< raw JSON objects, in the server's order, keys unique
  std::vector<mcp::DroppedTool> dropped;  ///< with the reason
  mcp::CacheHints cache;                  ///< smallest ttl, narrowest scope of all pages
  bool truncated = false;                 ///< a limit was hit; what was read is kept
};
using DefinitionAnswer = std::variant<DefinitionList, mcp::RpcError, mcp::HttpRefusal>;

/// The list, or what the server answered instead. Bounded as list_tools(), whose rules for tools
/// hold here too; errors as there.
Task<Result<DefinitionAnswer>> list_definitions(
    Peer& peer, ListKind kind, PeerTransport transport, Logger& log,
    std::chrono::milliseconds timeout = limits::kListTimeout);

}  // namespace gatehouse::mcp_client
