// gatehouse tools: what a server offers, asked of the server unless --cached.
#include <fmt/format.h>

#include "cli/attempt.hpp"
#include "cli/connections.hpp"
#include "cli/tool_view.hpp"
#include "identity/tool_filter.hpp"

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
  gatehouse tools notion --all       with those that its settings exclude
  gatehouse tools notion --json      the definitions, as the server sent them)";
    spec.arguments = {
        {"name", "The connection", &name_, Argument::Presence::required},
        {"--cached", "Show the stored list; ask nobody", &cached_},
        {"--all", "Show excluded tools too, marked", &all_},
        {"--account", "Sign in or act as this account", &account_},
        {"--no-login", "Do not sign in when the server asks for it", &no_login_},
        {"--json", "Print JSON", &json_},
    };
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    if (!account_.empty() && cached_)
      co_return fail(Errc::invalid_argument,
                     "--cached shows what the default account saw: leave out --account");
    if (!account_.empty()) {
      if (const auto good = check_account_name(account_); !good)
        co_return std::unexpected(good.error());
    }
    Result<vault::Connection> connection = co_await require_connection(services, name_);
    if (!connection) co_return std::unexpected(connection.error());
    Result<vault::StoredCatalog> catalog = co_await load(services, *connection);
    if (!catalog) co_return std::unexpected(catalog.error());
    const vault::StoredCatalog everything = *catalog;
    *catalog = allowed_tools(*connection, std::move(*catalog));
    if (!json_) {
      print_tools(services.terminal, name_, all_ ? everything : *catalog,
                  connection->options.tools);
      co_return Exit::done;
    }
    JsonObject json;
    json.text("connection", name_).time("fetched_at", catalog->fetched_at);
    json.raw("tools", json_array(catalog->tools));
    if (all_) json.texts("excluded", names_of_excluded(everything, *connection));
    services.terminal.print(json.str() + "\n");
    warn_dropped(services.terminal, *catalog);
    co_return Exit::done;
  }

 private:
  static std::vector<std::string> names_of_excluded(const vault::StoredCatalog& everything,
                                                    const vault::Connection& connection) {
    std::vector<std::string> names;
    for (const std::string& raw : everything.tools) {
      const std::string name = view_tool(raw).name;
      if (!identity::allows_tool(connection.options.tools, name)) names.push_back(name);
    }
    return names;
  }

  Task<Result<vault::StoredCatalog>> load(Services& services, vault::Connection connection) {
    if (!cached_) {
      SignInOptions options;
      options.account = account_;
      Attempt attempt(services, std::move(connection), options,
                      no_login_ ? SignIns::refused : SignIns::allowed);
      co_return co_await attempt.list_tools();
    }
    Result<std::optional<vault::StoredCatalog>> stored =
        co_await services.store.connections().load_catalog(connection.organization, connection.id,
                                                           local_member());
    if (!stored) co_return std::unexpected(stored.error());
    if (*stored) co_return std::move(**stored);
    co_return fail(Errc::not_found, fmt::format("no tools of {} are stored yet", name_),
                   "gatehouse tools " + name_);
  }

  std::string name_;
  bool cached_ = false;
  bool all_ = false;
  std::string account_;
  bool no_login_ = false;
  bool json_ = false;
};

}  // namespace

CommandPtr make_tools_command() {
  return std::make_unique<ToolsCommand>();
}

}  // namespace gatehouse::cli
