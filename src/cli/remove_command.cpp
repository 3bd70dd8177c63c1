// gatehouse remove: forgets a connection with everything that was kept for it, here and, as far as
// the provider lets us, there: tokens are revoked, a client of ours that nobody needs is deleted.
#include <fmt/format.h>

#include "cli/connections.hpp"
#include "cli/file_notes.hpp"
#include "cli/sign_out.hpp"

namespace gatehouse::cli {
namespace {

class RemoveCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "remove";
    spec.summary = "Forget a connection, its sign-in and its secrets";
    spec.details =
        R"(Tokens are revoked and our client registration is deleted at the provider, where it offers that and
no other connection uses it; what became of it is said.

Examples:
  gatehouse remove notion
  gatehouse remove notion --yes)";
    spec.arguments = {{"name", "The connection", &name_, Argument::Presence::required},
                      {"--yes", "Do not ask", &yes_},
                      {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    Result<vault::Connection> connection = co_await require_connection(services, name_);
    if (!connection) co_return std::unexpected(connection.error());
    if (const Result<void> own = require_own(services, *connection, "removed"); !own)
      co_return std::unexpected(own.error());
    if (!yes_ && services.terminal.can_ask()) {
      Result<Answer> sure = co_await confirm(
          services.terminal, fmt::format("Forget {} and its sign-in?", name_), Answer::no, "--yes");
      if (!sure) co_return std::unexpected(sure.error());
      if (*sure == Answer::no) co_return Exit::failed;
    }
    std::vector<SignedOut> ended;
    if (has_sign_in(*connection)) {
      auto all = co_await sign_out(services, *connection);
      if (!all) co_return std::unexpected(all.error());
      ended = std::move(*all);
    }
    // Where it was signed in to before a logout is known too.
    std::vector<SignedOut> places = ended;
    const auto row = co_await services.store.credentials().find(
        upstream::credential_key(target_of(*connection)));
    if (row && *row) places.push_back({name_, "default", (*row)->binding.issuer, {}});
    Result<void> erased =
        co_await services.store.connections().erase(connection->organization, connection->id);
    if (!erased) co_return std::unexpected(erased.error());
    const auto clients = co_await forget_clients(
        services, std::move(places), oauth_client::Unused::all_dynamic, connection->allowances);
    if (json_) {
      print_json(services.terminal, ended, clients);
    } else {
      for (const SignedOut& one : ended) tell(services.terminal, one);
      tell(services.terminal, clients);
      services.terminal.note(fmt::format("Removed {}.", name_));
    }
    co_return Exit::done;
  }

 private:
  void print_json(Terminal& terminal, const std::vector<SignedOut>& ended,
                  const std::vector<oauth_client::DeletionReport>& clients) const {
    std::vector<std::string> rows;
    for (const SignedOut& one : ended) rows.push_back(to_json(one).str());
    terminal.print(JsonObject()
                       .text("name", name_)
                       .flag("removed", true)
                       .text("revoked", summary(ended))
                       .raw("logins", json_array(rows))
                       .raw("clients", to_json(clients))
                       .str() +
                   "\n");
  }

  std::string name_;
  bool yes_ = false;
  bool json_ = false;
};

}  // namespace

CommandPtr make_remove_command() {
  return std::make_unique<RemoveCommand>();
}

}  // namespace gatehouse::cli
