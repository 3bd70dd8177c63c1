#include "mcp/tool.hpp"

#include "jsonrpc/json.hpp"
#include "mcp/param_headers.hpp"

namespace gatehouse::mcp {
namespace {

using jsonrpc::JsonView;

ToolAnnotations read_annotations(const JsonView& view) {
  return {.read_only = view.boolean("readOnlyHint"),
          .destructive = view.boolean("destructiveHint"),
          .idempotent = view.boolean("idempotentHint"),
          .open_world = view.boolean("openWorldHint")};
}

/// The tool, or why it must not be offered.
std::expected<Tool, DroppedTool> read_tool(const JsonView& view, HeaderRules rules) {
  Tool tool;
  const auto name = view.string("name");
  if (!name || name->empty()) return std::unexpected(DroppedTool{"", "it has no name"});
  tool.name = *name;
  const auto drop = [&](std::string why) {
    return std::unexpected(DroppedTool{tool.name, std::move(why)});
  };
  const auto schema = view.find("inputSchema");
  if (!schema || !schema->is_object()) return drop("its inputSchema is no object");
  if (rules == HeaderRules::apply) {
    if (const auto plan = parse_header_plan(schema->raw()); !plan) return drop(plan.error().detail);
  }
  tool.raw = view.raw();
  tool.input_schema = schema->raw();
  tool.description = view.string("description").value_or("");
  const auto annotations = view.find("annotations");
  if (annotations) tool.annotations = read_annotations(*annotations);
  tool.title = view.string("title").value_or("");
  if (tool.title.empty() && annotations) tool.title = annotations->string("title").value_or("");
  return tool;
}

}  // namespace

CacheHints parse_cache_hints(std::string_view raw_result) {
  const JsonView view = JsonView::of_proved(raw_result);
  CacheHints hints;
  hints.ttl_ms = std::max<std::int64_t>(0, view.integer("ttlMs").value_or(0));
  if (view.string("cacheScope") == "public") hints.scope = CacheScope::public_;
  return hints;
}

Result<ToolPage> parse_tool_page(std::string_view raw_result, HeaderRules rules) {
  const JsonView result = JsonView::of_proved(raw_result);
  const auto tools = result.find("tools");
  if (!tools || !tools->is_array()) {
    return fail(Errc::protocol, "the server's tools/list answer has no array \"tools\"");
  }
  ToolPage page;
  for (const JsonView& element : tools->elements()) {
    auto tool = read_tool(element, rules);
    if (tool) {
      page.tools.push_back(std::move(*tool));
    } else {
      page.dropped.push_back(std::move(tool.error()));
    }
  }
  if (const auto cursor = result.find("nextCursor"); cursor && cursor->is_string()) {
    page.next_cursor = cursor->as_string();
  }
  page.cache = parse_cache_hints(raw_result);
  return page;
}

}  // namespace gatehouse::mcp
