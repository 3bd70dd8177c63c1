#include "cli/attempt.hpp"

#include <fmt/format.h>

#include "async/condition.hpp"
#include "async/timer.hpp"
#include "cli/connections.hpp"
#include "cli/person.hpp"
#include "cli/sign_in_screen.hpp"
#include "cli/table.hpp"
#include "oauth/scope.hpp"

namespace gatehouse::cli {
namespace {

constexpr auto kSlow = std::chrono::seconds(5);

void tell_outcome(Terminal& terminal, const std::string& name,
                  const oauth_client::LoginOutcome& outcome) {
  SignInScreen(terminal).done(
      fmt::format("Signed in to {}{}", name,
                  outcome.subject.empty() ? "" : " as " + printable(outcome.subject)));
  std::vector<std::string> missing = outcome.missing_scopes;
  // What it stands for was given all the same.
  if (outcome.refreshable) std::erase(missing, "offline_access");
  if (missing.empty()) return;
  const std::string not_given = fmt::format("{}", fmt::join(missing, " "));
  terminal.note("  asked for:  " + printable(outcome.requested_scope));
  terminal.note("  granted:    " + printable(outcome.scope.empty() ? "nothing" : outcome.scope) +
                "  (not: " + printable(not_given) + ")");
}

// A step-up in two lines: what the login may do, and what is asked for in addition.
void tell_step_up(Terminal& terminal, const std::string& granted, const std::string& wanted) {
  const std::string more =
      fmt::format("{}", fmt::join(oauth::missing_scopes(wanted, granted), " "));
  terminal.note("  granted so far:  " + printable(granted.empty() ? "nothing" : granted));
  terminal.note("  asked for now:   " + printable(wanted) +
                (more.empty() ? "" : "  (new: " + printable(more) + ")"));
}

// Something that is waited for.
struct Wait {
  explicit Wait(Executor executor) : changed(executor) {}
  Condition changed;
  bool ended = false;
};

Task<Result<bool>> until_ended(std::shared_ptr<Wait> wait) {
  while (!wait->ended) co_await wait->changed.wait();
  co_return true;
}

// A silent terminal looks dead: a command that never answers takes more than a minute to give up.
// It ends with the wait: the end of a command waits for every task.
Task<> say_when_slow(Services& services, vault::Connection connection, std::shared_ptr<Wait> wait) {
  const Result<bool> in_time = co_await with_timeout(kSlow, until_ended(wait), "the server");
  if (in_time) co_return;
  const bool command = connection.transport == vault::Transport::stdio;
  services.terminal.note(
      command ? fmt::format("Waiting for {} to answer; it may be fetching its packages first. "
                            "Ctrl-C gives up.",
                            printable(address_of(connection)))
              : fmt::format("Waiting for {} to answer. Ctrl-C gives up.", connection.name));
}

}  // namespace

upstream::Target Attempt::target() const {
  return target_of(connection_, options_.account);
}

Task<Result<oauth_client::LoginOutcome>> Attempt::authorize(SignInOrder order) {
  ++authorizations_;
  order.connection = connection_;
  order.options = options_;
  Result<SignedIn> done = co_await sign_in(services_, std::move(order));
  // What was agreed to before a failure is stored all the same.
  if (!done) {
    Result<std::optional<vault::Connection>> stored =
        co_await services_.store.connections().find(connection_.organization, connection_.name);
    if (stored && *stored) connection_ = std::move(**stored);
    co_return std::unexpected(done.error());
  }
  connection_ = std::move(done->connection);
  tell_outcome(services_.terminal, connection_.name, done->outcome);
  co_return std::move(done->outcome);
}

Task<Result<oauth_client::LoginOutcome>> Attempt::sign_in_now(
    std::optional<oauth_client::Discovery> discovery) {
  SignInOrder order;
  order.discovery = std::move(discovery);
  co_return co_await authorize(std::move(order));
}

Task<Result<void>> Attempt::satisfy(upstream::PersonNeeded need) {
  const bool by_login = connection_.transport == vault::Transport::http &&
                        connection_.auth != vault::AuthKind::headers;
  const bool possible = sign_ins_ == SignIns::allowed && person_present(services_) && by_login;
  if (!possible || authorizations_ >= limits::kStepUpAttempts) {
    Error error = need.error;
    if (!options_.account.empty() && need.why == upstream::PersonNeeded::Why::sign_in) {
      error.hint =
          fmt::format("gatehouse login {} --account {}", connection_.name, options_.account);
    }
    if (authorizations_ >= limits::kStepUpAttempts) {
      error.detail +=
          fmt::format(" (after {} sign-ins: the server keeps asking)", limits::kStepUpAttempts);
    }
    co_return std::unexpected(error);
  }
  services_.terminal.note(printable(need.error.detail) + ".");
  if (oauth_client::is_machine(connection_)) co_return co_await sign_in_at_provider(need.error);
  if (need.why == upstream::PersonNeeded::Why::more_scope) {
    const auto row =
        co_await services_.store.credentials().find(upstream::credential_key(target()));
    if (row && *row) tell_step_up(services_.terminal, (*row)->tokens.scope, need.scope);
  }
  SignInOrder order;
  if (!need.challenges.empty()) order.challenges = need.challenges;
  order.step_up_scope = need.scope;
  Result<oauth_client::LoginOutcome> outcome = co_await authorize(std::move(order));
  if (!outcome) co_return std::unexpected(outcome.error());
  co_return Result<void>{};
}

// Nobody signs in to such a server itself: the identity provider is asked to vouch anew.
Task<Result<void>> Attempt::sign_in_at_provider(Error need) {
  auto provider = co_await services_.store.connections().find(connection_.organization,
                                                              connection_.oauth.identity_provider);
  if (!provider) co_return std::unexpected(provider.error());
  if (!*provider) co_return std::unexpected(need);
  ++authorizations_;
  SignInOrder order;
  order.connection = std::move(**provider);
  order.options = options_;
  order.options.issuer.clear();
  const Result<SignedIn> done = co_await sign_in(services_, std::move(order));
  if (!done) co_return std::unexpected(done.error());
  tell_outcome(services_.terminal, done->connection.name, done->outcome);
  services_.upstreams.reset(connection_.id);
  co_return Result<void>{};
}

Task<Result<vault::StoredCatalog>> Attempt::list_tools() {
  while (true) {
    SignInScreen screen(services_.terminal);
    const auto wait = std::make_shared<Wait>(services_.executor);
    if (authorizations_ > 0) {
      screen.busy("Listing the tools of " + connection_.name);
    } else {
      services_.tasks.spawn("say_when_slow", say_when_slow(services_, connection_, wait));
    }
    Result<upstream::ListOutcome> listed = co_await services_.upstreams.refresh_catalog(target());
    wait->ended = true;
    wait->changed.notify_all();
    screen.clear();
    if (!listed) co_return std::unexpected(listed.error());
    if (auto* catalog = std::get_if<vault::StoredCatalog>(&*listed)) co_return std::move(*catalog);
    Result<void> satisfied = co_await satisfy(std::get<upstream::PersonNeeded>(std::move(*listed)));
    if (!satisfied) co_return std::unexpected(satisfied.error());
  }
}

Task<Result<std::variant<mcp::Success, mcp::RpcError>>> Attempt::request(mcp::Request request) {
  using Answer = std::variant<mcp::Success, mcp::RpcError>;
  while (true) {
    Result<upstream::Outcome> outcome =
        co_await services_.upstreams.request(target(), request, &services_.person);
    if (!outcome) co_return std::unexpected(outcome.error());
    if (auto* success = std::get_if<mcp::Success>(&*outcome)) co_return Answer(std::move(*success));
    if (auto* error = std::get_if<mcp::RpcError>(&*outcome)) co_return Answer(std::move(*error));
    Result<void> satisfied =
        co_await satisfy(std::get<upstream::PersonNeeded>(std::move(*outcome)));
    if (!satisfied) co_return std::unexpected(satisfied.error());
  }
}

}  // namespace gatehouse::cli
