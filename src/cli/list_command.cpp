// gatehouse list: the connections there are, as they are stored; nobody is contacted.
#include "cli/connections.hpp"
#include "cli/table.hpp"
#include "cli/tool_view.hpp"
#include "vault/standing.hpp"

namespace gatehouse::cli {
namespace {

class ListCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "list";
    spec.summary = "List the connections";
    spec.details = "Examples:\n  gatehouse list\n  gatehouse list --json";
    spec.arguments = {{"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    const OrganizationId organization = organization_of(services);
    Result<std::vector<vault::Connection>> all =
        co_await services.store.connections().list(organization);
    if (!all) co_return std::unexpected(all.error());
    Table table({"NAME", "STATE", "CHECKED", "TOOLS", "WHERE"});
    std::vector<std::string> rows;
    for (const vault::Connection& connection : *all) {
      Result<vault::ConnectionState> state =
          co_await services.store.connections().load_state(organization, connection.id);
      if (!state) co_return std::unexpected(state.error());
      Result<std::optional<vault::StoredCatalog>> catalog =
          co_await services.store.connections().load_catalog(organization, connection.id,
                                                             local_member());
      if (!catalog) co_return std::unexpected(catalog.error());
      std::optional<std::size_t> tools;
      if (*catalog) tools = allowed_tools(connection, std::move(**catalog)).tools.size();
      const std::string count = tools ? std::to_string(*tools) : "-";
      const std::string checked =
          state->checked_at ? ago(*state->checked_at, services.clock.now()) : "never";
      table.add_row({connection.name, std::string(describe(standing_of(connection, *state))),
                     checked, count, address_of(connection)});
      JsonObject json = connection_json(connection, *state);
      if (tools) json.number("tools", static_cast<std::int64_t>(*tools));
      rows.push_back(json.str());
    }
    if (json_) {
      services.terminal.print(JsonObject().raw("connections", json_array(rows)).str() + "\n");
    } else if (table.empty()) {
      services.terminal.note("No connections yet: gatehouse add NAME URL");
    } else {
      services.terminal.print(table.to_text(services.terminal.output_width()));
    }
    co_return Exit::done;
  }

 private:
  bool json_ = false;
};

}  // namespace

CommandPtr make_list_command() {
  return std::make_unique<ListCommand>();
}

}  // namespace gatehouse::cli
