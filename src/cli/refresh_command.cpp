// gatehouse refresh: asks a server for its tools anew and shows what is different from the stored
// list.
#include <fmt/format.h>

#include <map>

#include "cli/attempt.hpp"
#include "cli/connections.hpp"
#include "cli/table.hpp"
#include "cli/tool_view.hpp"

namespace gatehouse::cli {
namespace {

struct Difference {
  std::vector<std::string> added, removed, changed;
  bool none() const { return added.empty() && removed.empty() && changed.empty(); }
};

using Definitions = std::map<std::string, std::string>;

Definitions by_name(const vault::StoredCatalog& catalog) {
  Definitions out;
  for (const std::string& raw : catalog.tools) out.emplace(view_tool(raw).name, raw);
  return out;
}

Difference compare(const Definitions& before, const Definitions& after) {
  Difference difference;
  for (const auto& [name, raw] : after) {
    const auto known = before.find(name);
    if (known == before.end()) {
      difference.added.push_back(name);
    } else if (known->second != raw) {
      difference.changed.push_back(name);
    }
  }
  for (const auto& [name, raw] : before) {
    if (!after.contains(name)) difference.removed.push_back(name);
  }
  return difference;
}

class RefreshCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "refresh";
    spec.summary = "Ask a server for its tools anew and show what changed";
    spec.details = "Examples:\n  gatehouse refresh notion\n  gatehouse refresh notion --json";
    spec.arguments = {{"name", "The connection", &name_, Argument::Presence::required},
                      {"--no-login", "Do not sign in when the server asks for it", &no_login_},
                      {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    Result<vault::Connection> connection = co_await require_connection(services, name_);
    if (!connection) co_return std::unexpected(connection.error());
    Result<std::optional<vault::StoredCatalog>> stored =
        co_await services.store.connections().load_catalog(connection->organization, connection->id,
                                                           local_member());
    if (!stored) co_return std::unexpected(stored.error());
    Attempt attempt(services, *connection, {}, no_login_ ? SignIns::refused : SignIns::allowed);
    Result<vault::StoredCatalog> listed = co_await attempt.list_tools();
    if (!listed) co_return std::unexpected(listed.error());
    const vault::StoredCatalog now = allowed_tools(attempt.connection(), std::move(*listed));
    Definitions before;
    if (*stored) before = by_name(allowed_tools(attempt.connection(), std::move(**stored)));
    print(services.terminal, compare(before, by_name(now)), now);
    co_return Exit::done;
  }

 private:
  void print(Terminal& terminal, const Difference& difference,
             const vault::StoredCatalog& now) const {
    if (json_) {
      terminal.print(JsonObject()
                         .text("connection", name_)
                         .number("tools", static_cast<std::int64_t>(now.tools.size()))
                         .texts("added", difference.added)
                         .texts("removed", difference.removed)
                         .texts("changed", difference.changed)
                         .str() +
                     "\n");
      warn_dropped(terminal, now);
      return;
    }
    for (const std::string& name : difference.added)
      terminal.print("added    " + printable(name) + "\n");
    for (const std::string& name : difference.removed)
      terminal.print("removed  " + printable(name) + "\n");
    for (const std::string& name : difference.changed)
      terminal.print("changed  " + printable(name) + "\n");
    terminal.note(fmt::format("{} has {} tool{}{}.", name_, now.tools.size(),
                              now.tools.size() == 1 ? "" : "s",
                              difference.none() ? ", as before" : ""));
    warn_dropped(terminal, now);
  }

  std::string name_;
  bool no_login_ = false;
  bool json_ = false;
};

}  // namespace

CommandPtr make_refresh_command() {
  return std::make_unique<RefreshCommand>();
}

}  // namespace gatehouse::cli
