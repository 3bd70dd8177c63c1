// gatehouse describe: one tool in full, from the stored list; the server is asked when it is not
// there.
#include <fmt/format.h>

#include "cli/attempt.hpp"
#include "cli/connections.hpp"
#include "cli/table.hpp"
#include "cli/tool_view.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::cli {
namespace {

std::string type_of(const jsonrpc::JsonView& schema) {
  const auto type = schema.find("type");
  if (!type) return "any";
  if (const auto one = type->as_string()) return *one;
  std::string all;
  for (const jsonrpc::JsonView element : type->elements())
    all += (all.empty() ? "" : "|") + element.as_string().value_or("?");
  return all.empty() ? "any" : all;
}

bool requires_argument(const jsonrpc::JsonView& schema, const std::string& name) {
  const auto required = schema.find("required");
  if (!required) return false;
  for (const jsonrpc::JsonView element : required->elements()) {
    if (element.equals(name)) return true;
  }
  return false;
}

std::string arguments_table(std::string_view raw_schema, std::size_t width) {
  const jsonrpc::JsonView schema =
      jsonrpc::JsonView::of_proved(raw_schema.empty() ? "{}" : raw_schema);
  Table table({"ARGUMENT", "TYPE", "NEEDED", "MEANING"});
  if (const auto properties = schema.find("properties")) {
    for (const jsonrpc::JsonMember& member : properties->members()) {
      table.add_row({member.key(), type_of(member.value),
                     requires_argument(schema, member.key()) ? "yes" : "",
                     member.value.string("description").value_or("")});
    }
  }
  return table.empty() ? "It takes no arguments.\n" : table.to_text(width);
}

class DescribeCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "describe";
    spec.summary = "Show what a tool does and takes";
    spec.details =
        "Examples:\n  gatehouse describe notion.search\n  gatehouse describe notion.search --json";
    spec.arguments = {{"tool", "CONNECTION.TOOL", &tool_, Argument::Presence::required},
                      {"--json", "Print JSON: schemas as the server sent them", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    Result<std::pair<std::string, std::string>> name = split_capability(tool_);
    if (!name) co_return std::unexpected(name.error());
    Result<vault::Connection> connection = co_await require_connection(services, name->first);
    if (!connection) co_return std::unexpected(connection.error());
    Result<std::optional<vault::StoredCatalog>> stored =
        co_await services.store.connections().load_catalog(connection->organization, connection->id,
                                                           local_member());
    if (!stored) co_return std::unexpected(stored.error());
    std::optional<ToolView> tool;
    if (*stored)
      tool = find_tool(allowed_tools(*connection, std::move(**stored)), name->first, name->second);
    if (!tool) {
      Attempt attempt(services, std::move(*connection), {});
      Result<vault::StoredCatalog> listed = co_await attempt.list_tools();
      if (!listed) co_return std::unexpected(listed.error());
      *listed = allowed_tools(attempt.connection(), std::move(*listed));
      tool = find_tool(*listed, name->first, name->second);
      if (!tool) co_return std::unexpected(unknown_tool(name->first, name->second, *listed));
    }
    print(services.terminal, *tool);
    co_return Exit::done;
  }

 private:
  void print(Terminal& terminal, const ToolView& tool) const {
    if (json_) {
      JsonObject json;
      json.text("name", tool_).text_if("title", tool.title).text("description", tool.description);
      json.text("risk", tool.risk);
      json.raw("input_schema", tool.input_schema.empty() ? "{}" : tool.input_schema);
      if (!tool.output_schema.empty()) json.raw("output_schema", tool.output_schema);
      json.raw("definition", tool.raw);
      terminal.print(json.str() + "\n");
      return;
    }
    std::string text = tool_ + (tool.title.empty() ? "" : "  (" + printable(tool.title) + ")") +
                       "\n\n" + printable_block(tool.description) + "\n\n";
    text += arguments_table(tool.input_schema, terminal.output_width());
    text +=
        fmt::format("\nrisk: {} ({})\n", tool.risk,
                    tool.risk == "write" ? "the server calls it neither read-only nor destructive"
                                         : "the server's own word");
    terminal.print(text);
  }

  std::string tool_;
  bool json_ = false;
};

}  // namespace

CommandPtr make_describe_command() {
  return std::make_unique<DescribeCommand>();
}

}  // namespace gatehouse::cli
