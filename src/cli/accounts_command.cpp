// gatehouse accounts: who is signed in to a connection, and which of them agents use.
#include <fmt/format.h>

#include <algorithm>

#include "cli/accounts.hpp"
#include "cli/connections.hpp"
#include "cli/table.hpp"

namespace gatehouse::cli {
namespace {

class AccountsCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "accounts";
    spec.summary = "List who is signed in to a connection, or choose who agents are";
    spec.details =
        R"(One person may sign in to a server several times, each with a name of their own. Agents, and
commands without --account, use the default one.

Examples:
  gatehouse login notion --account work       sign in once more
  gatehouse accounts notion                   who is signed in
  gatehouse accounts notion --default work    agents use that one from now on
  gatehouse logout notion --account work)";
    spec.arguments = {{"name", "The connection", &name_, Argument::Presence::required},
                      {"--default", "The account that agents use from now on", &default_},
                      {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    Result<vault::Connection> connection = co_await require_connection(services, name_);
    if (!connection) co_return std::unexpected(connection.error());
    Result<std::vector<Account>> accounts = co_await list_accounts(services, *connection);
    if (!accounts) co_return std::unexpected(accounts.error());
    if (!default_.empty()) {
      const bool known = std::ranges::find(*accounts, default_, &Account::name) != accounts->end();
      if (!known) co_return unknown();
      Result<vault::Connection> changed =
          co_await use_account(services, std::move(*connection), default_);
      if (!changed) co_return std::unexpected(changed.error());
      for (Account& account : *accounts) account.is_default = account.name == default_;
    }
    print(services.terminal, *accounts);
    co_return Exit::done;
  }

 private:
  Result<Exit> unknown() const {
    return fail(
        Errc::not_found,
        fmt::format("nobody is signed in to {} as account {}", name_, quote_remote(default_, 80)),
        fmt::format("gatehouse login {} --account {}", name_, default_));
  }

  void print(Terminal& terminal, const std::vector<Account>& accounts) const {
    if (json_) {
      terminal.print(
          JsonObject().text("name", name_).raw("accounts", accounts_json(accounts)).str() + "\n");
      return;
    }
    Table table({"ACCOUNT", "AGENTS", "STATE"});
    for (const Account& account : accounts)
      table.add_row({account.name, account.is_default ? "use it" : "", account_text(account)});
    terminal.print(table.to_text());
  }

  std::string name_;
  std::string default_;
  bool json_ = false;
};

}  // namespace

CommandPtr make_accounts_command() {
  return std::make_unique<AccountsCommand>();
}

}  // namespace gatehouse::cli
