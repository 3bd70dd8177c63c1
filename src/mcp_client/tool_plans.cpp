#include "mcp_client/tool_plans.hpp"

#include "base/limits.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::mcp_client {

using jsonrpc::JsonView;

void ToolPlans::learn_page(std::string_view raw_result) {
  const auto tools = JsonView::of_proved(raw_result).find("tools");
  if (!tools) return;
  for (const JsonView& tool : tools->elements()) {
    if (entries_.size() >= limits::kToolsPerConnection) return;
    const auto name = tool.string("name");
    const auto schema = tool.find("inputSchema");
    if (name && schema) learn_schema(*name, schema->raw());
  }
}

const ToolPlans::Entry& ToolPlans::learn_schema(std::string_view tool,
                                                std::string_view raw_input_schema) {
  Entry entry;
  auto plan = mcp::parse_header_plan(raw_input_schema);
  if (plan) {
    entry.plan = std::move(*plan);
  } else {
    entry.invalid = plan.error().detail;
  }
  return entries_.insert_or_assign(std::string(tool), std::move(entry)).first->second;
}

const ToolPlans::Entry* ToolPlans::find(std::string_view tool) const {
  const auto found = entries_.find(tool);
  return found == entries_.end() ? nullptr : &found->second;
}

}  // namespace gatehouse::mcp_client
