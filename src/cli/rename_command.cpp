// gatehouse rename: another name for the same connection. Everything hangs on the connection's id,
// so sign-in, settings and tools stay; what agents call its tools changes.
#include <fmt/format.h>

#include "cli/connections.hpp"
#include "cli/file_notes.hpp"

namespace gatehouse::cli {
namespace {

class RenameCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "rename";
    spec.summary = "Give a connection another name; sign-in and settings stay";
    spec.details =
        "Agents name tools as CONNECTION.TOOL, so these names change too.\n\n"
        "Examples:\n  gatehouse rename notion work-notion";
    spec.arguments = {{"old", "The connection", &old_, Argument::Presence::required},
                      {"new", "Its new name", &new_, Argument::Presence::required},
                      {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    if (const Result<void> good = check_connection_name(new_); !good)
      co_return std::unexpected(good.error());
    Result<vault::Connection> connection = co_await require_connection(services, old_);
    if (!connection) co_return std::unexpected(connection.error());
    if (old_ == new_)
      co_return fail(Errc::invalid_argument, fmt::format("{} has this name already", old_));
    if (const Result<void> own = require_own(services, *connection, "renamed"); !own)
      co_return std::unexpected(own.error());
    Result<std::optional<vault::Connection>> taken =
        co_await services.store.connections().find(connection->organization, new_);
    if (!taken) co_return std::unexpected(taken.error());
    if (*taken) {
      co_return fail(Errc::conflict, fmt::format("there is a connection {} already", new_),
                     "choose another name");
    }
    connection->name = new_;
    Result<vault::Connection> stored =
        co_await services.store.connections().update(std::move(*connection));
    if (!stored) co_return std::unexpected(stored.error());
    co_await mend_hint(services, *stored);
    if (json_) {
      services.terminal.print(JsonObject().text("name", new_).text("old_name", old_).str() + "\n");
    } else {
      services.terminal.note(
          fmt::format("{} is now {}. Its sign-in and settings stay.", old_, new_));
      services.terminal.note(
          fmt::format("Agents now find its tools as {0}.TOOL; {1}.TOOL is unknown.", new_, old_));
    }
    co_return Exit::done;
  }

 private:
  // What is stored for people to type names the old name.
  Task<> mend_hint(Services& services, vault::Connection connection) {
    Result<vault::ConnectionState> state =
        co_await services.store.connections().load_state(connection.organization, connection.id);
    if (!state || state->hint.find(old_) == std::string::npos) co_return;
    state->hint = state->health == vault::Health::sign_in_required ? "gatehouse login " + new_
                                                                   : "gatehouse status " + new_;
    (void)co_await services.store.connections().save_state(connection.organization, connection.id,
                                                           std::move(*state));
  }

  std::string old_;
  std::string new_;
  bool json_ = false;
};

}  // namespace

CommandPtr make_rename_command() {
  return std::make_unique<RenameCommand>();
}

}  // namespace gatehouse::cli
