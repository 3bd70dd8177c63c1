#include "cli/tool_view.hpp"

#include <fmt/format.h>

#include "catalog/capability.hpp"
#include "cli/nearest.hpp"
#include "cli/table.hpp"
#include "gateway/names.hpp"
#include "identity/tool_filter.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::cli {

ToolView view_tool(std::string_view raw) {
  const jsonrpc::JsonView tool = jsonrpc::JsonView::of_proved(raw);
  const auto raw_member = [&](std::string_view name) {
    const auto member = tool.find(name);
    return member ? std::string(member->raw()) : std::string();
  };
  ToolView view;
  view.raw = std::string(raw);
  view.name = tool.string("name").value_or("");
  view.title = tool.string("title").value_or("");
  view.description = tool.string("description").value_or("");
  view.input_schema = raw_member("inputSchema");
  view.output_schema = raw_member("outputSchema");
  view.risk = catalog::to_string(catalog::risk_of_annotations(raw_member("annotations")));
  return view;
}

vault::StoredCatalog allowed_tools(const vault::Connection& connection,
                                   vault::StoredCatalog catalog) {
  std::erase_if(catalog.tools, [&](const std::string& raw) {
    const auto name = jsonrpc::JsonView::of_proved(raw).string("name");
    return !identity::allows_tool(connection.options.tools, name.value_or(""));
  });
  return catalog;
}

std::optional<ToolView> find_tool(const vault::StoredCatalog& catalog, std::string_view connection,
                                  std::string_view name) {
  const bool shortened = gateway::is_shortened(name);
  for (const std::string& raw : catalog.tools) {
    const auto own = jsonrpc::JsonView::of_proved(raw).string("name");
    if (!own) continue;
    const bool by_short_form =
        shortened && gateway::split_name(gateway::public_name(connection, *own))->name == name;
    if (*own == name || by_short_form) return view_tool(raw);
  }
  return std::nullopt;
}

void print_tools(Terminal& terminal, const std::string& connection,
                 const vault::StoredCatalog& catalog, const vault::ToolFilter& filter) {
  Table table({"TOOL", "RISK", "WHAT IT DOES"});
  for (const std::string& raw : catalog.tools) {
    const ToolView tool = view_tool(raw);
    const std::string_view words = tool.description.empty() ? tool.title : tool.description;
    const bool excluded = !identity::allows_tool(filter, tool.name);
    table.add_row({connection + "." + tool.name, excluded ? tool.risk + ", excluded" : tool.risk,
                   std::string(catalog::first_sentence(words, 200))});
  }
  if (table.empty()) {
    terminal.note(connection + " has no tools.");
  } else {
    terminal.print(table.to_text(terminal.output_width()));
  }
  warn_dropped(terminal, catalog);
}

void warn_dropped(Terminal& terminal, const vault::StoredCatalog& catalog) {
  for (const std::string& warning : catalog.dropped)
    terminal.note("Left out: " + printable(warning));
}

Result<std::pair<std::string, std::string>> split_capability(const std::string& name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == name.size()) {
    return fail(Errc::invalid_argument,
                fmt::format("{} is not a tool's name", quote_remote(name, 80)),
                "name it as CONNECTION.TOOL; gatehouse search finds tools");
  }
  return std::pair(name.substr(0, dot), name.substr(dot + 1));
}

Error unknown_tool(const std::string& connection, const std::string& tool,
                   const vault::StoredCatalog& catalog) {
  std::vector<std::string> names;
  for (const std::string& raw : catalog.tools) names.push_back(view_tool(raw).name);
  return {Errc::not_found,
          fmt::format("{} has no tool {}.{}", connection, quote_remote(tool, 80),
                      suggestion(tool, names)),
          fmt::format("gatehouse tools {}", connection)};
}

}  // namespace gatehouse::cli
