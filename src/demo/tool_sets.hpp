// The tools of the demo's three servers; each unit fills a table for ToolService.
#pragma once

#include <vector>

#include "demo/tool_service.hpp"

namespace gatehouse::demo {

/// State: Notebooks. delete_note needs a scope that a first sign-in does not ask for.
std::vector<DemoTool> notes_tools();
/// State: IssueTracker.
std::vector<DemoTool> issues_tools();
/// No state.
std::vector<DemoTool> common_tools();

/// Who the server takes the caller for; in every set.
Task<ToolResult> run_whoami(void* state, ToolCall call);
inline constexpr std::string_view kWhoami = R"json({
  "name": "whoami", "title": "Who am I",
  "description": "Tells whose account this connection uses, and with which permissions.",
  "inputSchema": {"type": "object", "additionalProperties": false},
  "annotations": {"readOnlyHint": true, "openWorldHint": false}
})json";

}  // namespace gatehouse::demo
