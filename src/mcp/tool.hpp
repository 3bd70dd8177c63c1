// Tools as a server lists them (server/tools). The raw definition is kept byte for byte: schemas
// and unknown members pass verbatim. Made by parse_tool_page(), consumed by catalog and mcp_client.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gatehouse::mcp {

/// ToolAnnotations: hints of a server that is not to be trusted with them.
struct ToolAnnotations {
  std::optional<bool> read_only;
  std::optional<bool> destructive;
  std::optional<bool> idempotent;
  std::optional<bool> open_world;
};

struct Tool {
  std::string name;
  std::string title;
  std::string description;
  ToolAnnotations annotations;
  std::string input_schema;  ///< raw JSON object
  std::string raw;           ///< the whole definition, as listed
};

enum class CacheScope { private_, public_ };

/// Caching hints of a result (server/utilities/caching): absent or negative ttl is 0.
struct CacheHints {
  std::int64_t ttl_ms = 0;
  CacheScope scope = CacheScope::private_;
};

/// Of any proved raw result.
CacheHints parse_cache_hints(std::string_view raw_result);

/// A tool that must not be offered, and why.
struct DroppedTool {
  std::string name;
  std::string reason;
};

struct ToolPage {
  std::vector<Tool> tools;
  std::vector<DroppedTool> dropped;
  std::optional<std::string> next_cursor;  ///< the empty string is a cursor too (F-8)
  CacheHints cache;
};

enum class HeaderRules { apply, ignore };  ///< apply over HTTP only (H-7)

/// From the raw `result` of tools/list. Definitions without a name or with an inputSchema that is
/// no object are dropped with a reason, as are those with invalid x-mcp-header when rules apply.
/// Errors: protocol (no tools array).
Result<ToolPage> parse_tool_page(std::string_view raw_result, HeaderRules rules);

}  // namespace gatehouse::mcp
