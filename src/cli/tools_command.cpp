// gatehouse tools: what a server offers, asked of the server unless --cached.
#include <fmt/format.h>

#include "cli/attempt.hpp"
#include "cli/changed_tools.hpp"
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
  gatehouse tools --changed          what servers have changed since it was accepted; asks nobody
  gatehouse tools notion --json      the definitions, as the server sent them)";
    spec.arguments = {
        {"name", "The connection; with --changed all when left out", &name_},
        {"--cached", "Show the stored list; ask nobody", &cached_},
        {"--all", "Show excluded tools too, marked", &all_},
        {"--changed", "Show what waits for `gatehouse approve`, as differences", &changed_},
        {"--account", "Sign in or act as this account", &account_},
        {"--no-login", "Do not sign in when the server asks for it", &no_login_},
        {"--json", "Print JSON", &json_},
    };
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    if (changed_) co_return co_await show_changed(services);
    if (name_.empty())
      co_return fail(Errc::invalid_argument, "no connection is named", "gatehouse list");
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
  Task<Result<Exit>> show_changed(Services& services) {
    if (all_ || !account_.empty())
      co_return fail(Errc::invalid_argument, "--changed goes with no other choice than the name");
    std::vector<std::string> names;
    if (!name_.empty()) names.push_back(name_);
    Result<std::vector<vault::Connection>> chosen = co_await choose_connections(services, names);
    if (!chosen) co_return std::unexpected(chosen.error());
    std::vector<std::string> shown;
    for (const vault::Connection& connection : *chosen) {
      Result<std::vector<vault::Pin>> pins = co_await waiting_tools(services, connection);
      if (!pins) co_return std::unexpected(pins.error());
      for (const vault::Pin& pin : *pins)
        shown.push_back(json_ ? change_json(connection, pin)
                              : describe_change(connection, pin, services.clock.now()));
    }
    if (json_) {
      services.terminal.print(JsonObject().raw("changes", json_array(shown)).str() + "\n");
      co_return Exit::done;
    }
    for (std::size_t i = 0; i < shown.size(); ++i)
      services.terminal.print((i == 0 ? "" : "\n") + shown[i]);
    services.terminal.note(
        shown.empty()
            ? "No server has changed a tool since it was accepted."
            : "To accept one: gatehouse approve CONNECTION.TOOL. Texts are the servers'.");
    co_return Exit::done;
  }

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
  bool changed_ = false;
  std::string account_;
  bool no_login_ = false;
  bool json_ = false;
};

}  // namespace

CommandPtr make_tools_command() {
  return std::make_unique<ToolsCommand>();
}

}  // namespace gatehouse::cli
