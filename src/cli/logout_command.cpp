// gatehouse logout: ends logins, with what became of the tokens at the provider.
#include <fmt/format.h>

#include <algorithm>

#include "cli/accounts.hpp"
#include "cli/connections.hpp"
#include "cli/sign_out.hpp"
#include "cli/table.hpp"

namespace gatehouse::cli {
namespace {

class LogoutCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "logout";
    spec.summary = "Sign out: delete the tokens and revoke them at the provider";
    spec.details =
        R"(The tokens here are deleted whatever the provider says. Exit code 1 when one that revokes tokens
could not be reached or refused, so that they stay valid there until they expire.

Examples:
  gatehouse logout notion
  gatehouse logout notion --account work
  gatehouse logout --all)";
    spec.arguments = {{"name", "The connection", &name_},
                      {"--all", "Every login of every connection", &all_},
                      {"--account", "Only this account's login", &account_},
                      {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    if (all_ != name_.empty()) {
      co_return fail(Errc::invalid_argument,
                     all_ ? "--all and a name do not go together" : "which connection?",
                     "gatehouse logout NAME, or gatehouse logout --all");
    }
    if (all_) co_return co_await end_all(services);
    co_return co_await end_one(services);
  }

 private:
  std::optional<std::string> account() const {
    return account_.empty() ? std::nullopt : std::optional(account_);
  }

  // A name that nobody signed in under is a slip, not a login that ended.
  Task<Result<void>> check_account(Services& services, vault::Connection connection) const {
    if (account_.empty()) co_return Result<void>{};
    const Result<std::vector<Account>> known = co_await list_accounts(services, connection);
    if (!known) co_return std::unexpected(known.error());
    std::vector<std::string> names;
    for (const Account& one : *known) names.push_back(printable(one.name));
    if (std::ranges::find(*known, account_, &Account::name) != known->end())
      co_return Result<void>{};
    co_return fail(Errc::invalid_argument,
                   fmt::format("{} has no account {}", name_, quote_remote(account_, 60)),
                   fmt::format("it has: {}", fmt::join(names, ", ")));
  }

  Task<Result<Exit>> end_one(Services& services) {
    Result<vault::Connection> connection = co_await require_connection(services, name_);
    if (!connection) co_return std::unexpected(connection.error());
    if (!has_sign_in(*connection)) {
      co_return fail(Errc::unsupported, fmt::format("{} has no sign-in to end", name_),
                     fmt::format("gatehouse remove {} forgets it altogether", name_));
    }
    if (const Result<void> known = co_await check_account(services, *connection); !known)
      co_return std::unexpected(known.error());
    auto ended = co_await sign_out(services, *connection, account());
    if (!ended) co_return std::unexpected(ended.error());
    if (const auto saved = co_await save_signed_out(services, *connection, *ended); !saved)
      co_return std::unexpected(saved.error());
    const auto clients = co_await forget_clients(services, *ended, oauth_client::Unused::superseded,
                                                 connection->allowances);
    if (ended->empty())
      ended->push_back({.name = name_, .account = "default", .issuer = {}, .revocation = {}});
    const bool nobody = ended->front().revocation.outcome == oauth_client::Revoked::nothing;
    if (json_ && ended->size() == 1) {
      services.terminal.print(to_json(ended->front()).str() + "\n");
    } else if (json_) {
      print_json(services.terminal, *ended);
    } else if (nobody) {
      services.terminal.note(fmt::format("Nobody was signed in to {}.", name_));
    } else {
      for (const SignedOut& one : *ended) tell(services.terminal, one);
      tell(services.terminal, clients);
    }
    co_return any_failed(*ended) ? Exit::failed : Exit::done;
  }

  Task<Result<Exit>> end_all(Services& services) {
    const auto connections = co_await services.store.connections().list(organization_of(services));
    if (!connections) co_return std::unexpected(connections.error());
    std::vector<SignedOut> all;
    std::optional<Error> problem;
    for (const vault::Connection& connection : *connections) {
      if (!has_sign_in(connection)) continue;
      auto ended = co_await sign_out(services, connection, account());
      // One that fails leaves the others to be ended.
      if (!ended) {
        problem = ended.error();
        services.terminal.note(
            fmt::format("{}: {}", connection.name, gatehouse::describe(ended.error())));
        continue;
      }
      if (const auto saved = co_await save_signed_out(services, connection, *ended); !saved)
        problem = saved.error();
      (void)co_await forget_clients(services, *ended, oauth_client::Unused::superseded,
                                    connection.allowances);
      if (!json_)
        for (const SignedOut& one : *ended) tell(services.terminal, one);
      std::ranges::move(*ended, std::back_inserter(all));
    }
    if (json_) print_json(services.terminal, all);
    if (!json_ && all.empty() && !problem) services.terminal.note("Nobody was signed in anywhere.");
    co_return problem || any_failed(all) ? Exit::failed : Exit::done;
  }

  static void print_json(Terminal& terminal, const std::vector<SignedOut>& all) {
    std::vector<std::string> rows;
    for (const SignedOut& one : all) rows.push_back(to_json(one).str());
    terminal.print(JsonObject().raw("logins", json_array(rows)).str() + "\n");
  }

  std::string name_;
  std::string account_;
  bool all_ = false;
  bool json_ = false;
};

}  // namespace

CommandPtr make_logout_command() {
  return std::make_unique<LogoutCommand>();
}

}  // namespace gatehouse::cli
