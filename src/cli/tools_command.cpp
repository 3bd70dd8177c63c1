// gatehouse tools: what a server offers, asked of the server unless --cached.
#include <fmt/format.h>

#include "cli/attempt.hpp"
#include "cli/connections.hpp"
#include "cli/tool_view.hpp"

namespace gatehouse::cli {
namespace {

class ToolsCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "tools";
    spec.summary = "List the tools of a connection";
    spec.details = R"(Examples:
  gatehouse tools notion             ask the server and store the answer
  gatehouse tools notion --cached    what was stored last
  gatehouse tools notion --json      the definitions, as the server sent them)";
    spec.arguments = {
        {"name", "The connection", &name_, Argument::Presence::required},
        {"--cached", "Show the stored list; ask nobody", &cached_},
        {"--no-login", "Do not sign in when the server asks for it", &no_login_},
        {"--json", "Print JSON", &json_},
    };
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    Result<vault::Connection> connection = co_await require_connection(services, name_);
    if (!connection) co_return std::unexpected(connection.error());
    Result<vault::StoredCatalog> catalog = co_await load(services, *connection);
    if (!catalog) co_return std::unexpected(catalog.error());
    if (!json_) {
      print_tools(services.terminal, name_, *catalog);
      co_return Exit::done;
    }
    JsonObject json;
    json.text("connection", name_).time("fetched_at", catalog->fetched_at);
    json.raw("tools", json_array(catalog->tools));
    services.terminal.print(json.str() + "\n");
    warn_dropped(services.terminal, *catalog);
    co_return Exit::done;
  }

 private:
  Task<Result<vault::StoredCatalog>> load(Services& services, vault::Connection connection) {
    if (!cached_) {
      Attempt attempt(services, std::move(connection), {},
                      no_login_ ? SignIns::refused : SignIns::allowed);
      co_return co_await attempt.list_tools();
    }
    Result<std::optional<vault::StoredCatalog>> stored =
        co_await services.store.connections().load_catalog(connection.organization, connection.id);
    if (!stored) co_return std::unexpected(stored.error());
    if (*stored) co_return std::move(**stored);
    co_return fail(Errc::not_found, fmt::format("no tools of {} are stored yet", name_),
                   "gatehouse tools " + name_);
  }

  std::string name_;
  bool cached_ = false;
  bool no_login_ = false;
  bool json_ = false;
};

}  // namespace

CommandPtr make_tools_command() {
  return std::make_unique<ToolsCommand>();
}

}  // namespace gatehouse::cli
