// gatehouse enable and disable: whether a connection is used at all. A disabled one keeps settings,
// logins and tool list; agents do not know of it, and nobody contacts its server.
#include <fmt/format.h>

#include "cli/connections.hpp"
#include "cli/file_notes.hpp"

namespace gatehouse::cli {
namespace {

class EnableCommand final : public Command {
 public:
  enum class To { disabled, enabled };
  explicit EnableCommand(To to) : to_(to) {}

  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = enables() ? "enable" : "disable";
    spec.summary = enables() ? "Use a connection again" : "Do not use a connection for now";
    spec.details = enables() ? "Examples:\n  gatehouse enable notion"
                             : "Agents no longer see it, its server is left alone, its sign-in and "
                               "settings stay.\n\nExamples:\n  gatehouse disable notion";
    spec.arguments = {{"names", "Connections", &names_, Argument::Presence::required},
                      {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    std::vector<vault::Connection> connections;
    for (const std::string& name : names_) {
      Result<vault::Connection> found = co_await require_connection(services, name);
      if (!found) co_return std::unexpected(found.error());
      if (const Result<void> own = require_own(services, *found, "switched on and off"); !own)
        co_return std::unexpected(own.error());
      connections.push_back(std::move(*found));
    }
    std::vector<std::string> rows;
    for (vault::Connection& connection : connections) {
      const bool changed = connection.options.enabled != enables();
      if (changed) {
        connection.options.enabled = enables();
        Result<vault::Connection> stored = co_await services.store.connections().update(connection);
        if (!stored) co_return std::unexpected(stored.error());
      }
      rows.push_back(JsonObject()
                         .text("name", connection.name)
                         .flag("enabled", enables())
                         .flag("changed", changed)
                         .str());
      if (!json_) say(services.terminal, connection.name, changed);
    }
    if (json_)
      services.terminal.print(JsonObject().raw("connections", json_array(rows)).str() + "\n");
    co_return Exit::done;
  }

 private:
  bool enables() const { return to_ == To::enabled; }

  void say(Terminal& terminal, const std::string& name, bool changed) const {
    if (!changed) {
      terminal.note(fmt::format("{} is {} already.", name, enables() ? "enabled" : "disabled"));
    } else if (enables()) {
      terminal.note(
          fmt::format("{} is enabled. To see how it is: gatehouse status {}", name, name));
    } else {
      terminal.note(fmt::format(
          "{0} is disabled; its settings and sign-in stay. To use it again: gatehouse enable {0}",
          name));
    }
  }

  To to_;
  std::vector<std::string> names_;
  bool json_ = false;
};

}  // namespace

CommandPtr make_enable_command() {
  return std::make_unique<EnableCommand>(EnableCommand::To::enabled);
}

CommandPtr make_disable_command() {
  return std::make_unique<EnableCommand>(EnableCommand::To::disabled);
}

}  // namespace gatehouse::cli
