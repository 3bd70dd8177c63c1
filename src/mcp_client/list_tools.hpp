// tools/list over all pages, with bounds. Called by upstream/ and commands.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "async/cancel.hpp"
#include "async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "mcp/request.hpp"
#include "mcp/tool.hpp"
#include "mcp_client/peer.hpp"

namespace gatehouse::mcp_client {

struct ToolList {
  std::vector<mcp::Tool> tools;           ///< in the server's order, names unique
  std::vector<mcp::DroppedTool> dropped;  ///< with the reason, also logged as warning
  mcp::CacheHints cache;                  ///< smallest ttl, narrowest scope of all pages
  bool truncated = false;                 ///< a limit was hit; what was read is kept
};

enum class PeerTransport { http, stdio };  ///< x-mcp-header rules hold over HTTP only

/// The tools, or what the server answered instead (RpcError, HttpRefusal). `timeout` bounds each
/// page. Bounded by kListPages, kToolsPerConnection and kCatalogBytes; a cursor that repeats ends
/// the list with a warning. Errors: those of Peer::request, protocol.
using ListAnswer = std::variant<ToolList, mcp::RpcError, mcp::HttpRefusal>;
Task<Result<ListAnswer>> list_tools(Peer& peer, PeerTransport transport, Logger& log,
                                    CancelSource* cancel = nullptr,
                                    std::chrono::milliseconds timeout = limits::kListTimeout);

}  // namespace gatehouse::mcp_client
