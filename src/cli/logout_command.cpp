// gatehouse logout and remove: end a login, with what became of the tokens at the provider; remove
// forgets the connection too.
#include <fmt/format.h>

#include "cli/connections.hpp"
#include "cli/table.hpp"

namespace gatehouse::cli {
namespace {

std::string_view revoked_name(oauth_client::Revoked outcome) {
  switch (outcome) {
    case oauth_client::Revoked::yes:
      return "yes";
    case oauth_client::Revoked::unsupported:
      return "unsupported";
    case oauth_client::Revoked::failed:
      return "failed";
    case oauth_client::Revoked::nothing:
      return "nothing";
  }
  return "nothing";
}

Task<Result<oauth_client::RevocationReport>> end_login(Services& services,
                                                       vault::Connection connection) {
  const vault::CredentialKey key = upstream::credential_key(target_of(connection));
  services.upstreams.reset(connection.id);
  co_return co_await services.login.logout(std::move(connection), key);
}

void tell(Terminal& terminal, const std::string& name,
          const oauth_client::RevocationReport& report) {
  if (report.outcome == oauth_client::Revoked::nothing) return;
  terminal.note(fmt::format("Signed out of {}; the tokens here are deleted.", name));
  if (report.outcome == oauth_client::Revoked::yes) {
    terminal.note("The provider has revoked them.");
  } else {
    terminal.note(
        "The provider has not revoked them, so they stay valid there until they expire: " +
        printable(report.detail));
  }
}

class LogoutCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "logout";
    spec.summary = "Sign out: delete the tokens and revoke them at the provider";
    spec.details = "Examples:\n  gatehouse logout notion";
    spec.arguments = {{"name", "The connection", &name_, Argument::Presence::required},
                      {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    Result<vault::Connection> connection = co_await require_connection(services, name_);
    if (!connection) co_return std::unexpected(connection.error());
    const bool by_login = connection->auth != vault::AuthKind::headers &&
                          connection->transport == vault::Transport::http;
    if (!by_login) {
      co_return fail(Errc::unsupported, fmt::format("{} has no sign-in to end", name_),
                     fmt::format("gatehouse remove {} forgets it altogether", name_));
    }
    Result<oauth_client::RevocationReport> report =
        co_await end_login(services, std::move(*connection));
    if (!report) co_return std::unexpected(report.error());
    if (json_) {
      services.terminal.print(JsonObject()
                                  .text("name", name_)
                                  .text("revoked", revoked_name(report->outcome))
                                  .text_if("detail", report->detail)
                                  .str() +
                              "\n");
    } else if (report->outcome == oauth_client::Revoked::nothing) {
      services.terminal.note(fmt::format("Nobody was signed in to {}.", name_));
    } else {
      tell(services.terminal, name_, *report);
    }
    co_return Exit::done;
  }

 private:
  std::string name_;
  bool json_ = false;
};

class RemoveCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "remove";
    spec.summary = "Forget a connection, its sign-in and its secrets";
    spec.details = "Examples:\n  gatehouse remove notion\n  gatehouse remove notion --yes";
    spec.arguments = {{"name", "The connection", &name_, Argument::Presence::required},
                      {"--yes", "Do not ask", &yes_},
                      {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    Result<vault::Connection> connection = co_await require_connection(services, name_);
    if (!connection) co_return std::unexpected(connection.error());
    if (!yes_ && services.terminal.can_ask()) {
      Result<Answer> sure = co_await confirm(
          services.terminal, fmt::format("Forget {} and its sign-in?", name_), Answer::no, "--yes");
      if (!sure) co_return std::unexpected(sure.error());
      if (*sure == Answer::no) co_return Exit::failed;
    }
    oauth_client::RevocationReport report;
    if (connection->transport == vault::Transport::http &&
        connection->auth != vault::AuthKind::headers) {
      Result<oauth_client::RevocationReport> ended = co_await end_login(services, *connection);
      // A login that cannot be read cannot be revoked; it is removed all the same.
      if (ended) report = std::move(*ended);
    }
    Result<void> erased =
        co_await services.store.connections().erase(connection->organization, connection->id);
    if (!erased) co_return std::unexpected(erased.error());
    if (json_) {
      services.terminal.print(JsonObject()
                                  .text("name", name_)
                                  .flag("removed", true)
                                  .text("revoked", revoked_name(report.outcome))
                                  .str() +
                              "\n");
    } else {
      tell(services.terminal, name_, report);
      services.terminal.note(fmt::format("Removed {}.", name_));
    }
    co_return Exit::done;
  }

 private:
  std::string name_;
  bool yes_ = false;
  bool json_ = false;
};

}  // namespace

CommandPtr make_logout_command() {
  return std::make_unique<LogoutCommand>();
}

CommandPtr make_remove_command() {
  return std::make_unique<RemoveCommand>();
}

}  // namespace gatehouse::cli
