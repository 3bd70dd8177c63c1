#include "cli/sign_in.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "async/condition.hpp"
#include "async/timer.hpp"
#include "base/encoding.hpp"
#include "cli/callback_listener.hpp"
#include "cli/client_prompt.hpp"
#include "cli/connections.hpp"
#include "cli/table.hpp"
#include "net/signals.hpp"

namespace gatehouse::cli {
namespace {

using namespace std::chrono_literals;
using oauth_client::Discovery;
using oauth_client::LoginOutcome;

// The end of a login, decided by whoever comes first: listener, paste, a signal, time.
struct Race {
  explicit Race(Executor executor) : changed(executor) {}
  Condition changed;
  std::optional<Result<LoginOutcome>> result;
  bool paste_open = false;    // somebody may still paste
  bool browser_open = false;  // a browser was started and has not failed
  bool listening = false;

  void finish(Result<LoginOutcome> with) {
    if (!result) result = std::move(with);
    changed.notify_all();
  }
};

Task<> serve_callback(std::shared_ptr<CallbackListener> listener) {
  co_await listener->run();
}

// A pasted text that belongs to no login is told and asked for again.
bool leaves_pending(const Error& error) {
  return error.code == Errc::parse || error.code == Errc::not_found;
}

Task<> read_pastes(Services& services, std::shared_ptr<Race> race) {
  while (!race->result) {
    Result<std::optional<std::string>> line = co_await services.terminal.read_line(
        "or paste the address the browser ends on (Esc cancels): ", Echo::shown);
    if (!line) {
      race->finish(std::unexpected(line.error()));
      co_return;
    }
    if (!*line) break;
    if (trim_ows(**line).empty()) continue;
    Result<LoginOutcome> outcome =
        co_await services.login.finish(organization_of(services), **line);
    if (outcome || !leaves_pending(outcome.error())) {
      race->finish(std::move(outcome));
      co_return;
    }
    services.terminal.note(describe(outcome.error()));
  }
  race->paste_open = false;
  race->changed.notify_all();
}

Task<> watch_signals(std::shared_ptr<Race> race) {
  (void)co_await net::wait_for_termination();
  race->finish(fail(Errc::cancelled, "cancelled"));
}

Task<> watch_browser(Services& services, std::shared_ptr<Race> race) {
  while (!race->result) {
    co_await sleep_for(200ms);
    const std::optional<std::string> failure = services.browser.failure();
    if (!failure) continue;
    services.terminal.note("The browser could not be used: " + *failure);
    race->browser_open = false;
    race->changed.notify_all();
    co_return;
  }
}

Task<> watch_time(std::shared_ptr<Race> race) {
  co_await sleep_for(limits::kAuthorizationLife);
  race->finish(fail(Errc::sign_in_required, "nobody finished the sign-in within 10 minutes"));
}

// A later login for the connection retires this one, in whichever process it runs. Gone alone does
// not prove it: our own callback may be at the token endpoint.
Task<> watch_replaced(Services& services, std::shared_ptr<Race> race, std::string state_hash,
                      std::string name) {
  bool pending = true;
  while (pending && !race->result) {
    co_await sleep_for(1s);
    const Result<bool> found =
        co_await services.login.is_pending(organization_of(services), state_hash);
    pending = !found || *found;
  }
  co_await sleep_for(limits::kTokenRequestTimeout + 5s);
  race->finish(fail(Errc::conflict,
                    "this sign-in was finished elsewhere, or a later one replaced it",
                    fmt::format("gatehouse status {}", name)));
}

// Whether anything is left that could finish the login.
bool hopeless(const Race& race, bool terminal) {
  if (race.paste_open) return false;
  return !(race.listening && (race.browser_open || terminal));
}

Task<> await_end(Services& services, std::shared_ptr<Race> race, const std::string& name) {
  while (!race->result) {
    if (hopeless(*race, services.terminal.can_ask())) {
      race->finish(fail(Errc::sign_in_required,
                        "nothing here can finish the sign-in: there is no browser, and no address "
                        "was pasted",
                        fmt::format("gatehouse login {}", name)));
      break;
    }
    co_await race->changed.wait();
  }
}

std::string kind_of_client(const oauth_client::PendingLogin& pending) {
  switch (pending.registration_kind) {
    case vault::RegistrationKind::preregistered:
      return "the client you configured";
    case vault::RegistrationKind::client_metadata:
      return "a client ID metadata document";
    case vault::RegistrationKind::dynamic:
      return "dynamic registration";
  }
  return {};
}

void show_link(Services& services, const std::string& name,
               const oauth_client::PendingLogin& pending) {
  Terminal& terminal = services.terminal;
  terminal.note(fmt::format("Sign in to {} at {} ({}{}):", name, printable(pending.issuer),
                            kind_of_client(pending),
                            pending.scope.empty() ? "" : "; asks for " + printable(pending.scope)));
  terminal.note("  " + printable(pending.authorization_url));
}

void open_browser(Services& services, const SignInOptions& options, Race& race,
                  const std::string& url) {
  const bool wanted = options.browser == BrowserUse::open && services.browser.available() &&
                      (services.terminal.can_ask() || services.browser.chosen());
  if (!wanted) {
    services.terminal.note("Open it in a browser, on any machine.");
    return;
  }
  const Result<void> opened = services.browser.open(url);
  race.browser_open = opened.has_value();
  services.terminal.note(opened ? "Your browser opens; waiting for it."
                                : "The browser could not be opened: " + describe(opened.error()));
}

// From a recorded login to its end; every task started here has ended afterwards.
Task<Result<LoginOutcome>> await_login(Services& services, const SignInOrder& order,
                                       std::shared_ptr<Race> race,
                                       std::shared_ptr<CallbackListener> listener,
                                       oauth_client::PendingLogin pending) {
  const std::string& name = order.connection.name;
  show_link(services, name, pending);
  if (!race->listening) services.terminal.note(printable(listener->problem()));
  open_browser(services, order.options, *race, pending.authorization_url);
  race->paste_open = services.terminal.can_ask() || order.options.paste == Paste::from_any_input;

  TaskGroup tasks(services.executor, services.log);
  tasks.spawn("callback_listener", serve_callback(listener));
  tasks.spawn("login_signals", watch_signals(race));
  tasks.spawn("login_deadline", watch_time(race));
  tasks.spawn("login_replaced", watch_replaced(services, race, pending.state_hash, name));
  if (race->browser_open) tasks.spawn("browser", watch_browser(services, race));
  if (race->paste_open) tasks.spawn("paste", read_pastes(services, race));
  co_await await_end(services, race, name);
  services.terminal.show_progress("");
  co_await listener->drain();
  co_await tasks.shutdown();
  if (!*race->result) (void)co_await services.login.cancel(organization_of(services), pending.id);
  co_return std::move(*race->result);
}

// Discovery with the person's consent and choice; what was agreed to is stored with the connection.
Task<Result<Discovery>> find_out(Services& services, SignInOrder& order) {
  vault::Connection& connection = order.connection;
  std::string issuer =
      order.options.issuer.empty() ? connection.oauth.issuer : order.options.issuer;
  std::optional<Discovery> discovery = std::move(order.discovery);
  while (true) {
    std::vector<http::Allowance> allowances = connection.allowances;
    if (!discovery) {
      Result<Discovered> found = co_await discover_with_consent(
          services, {connection.url, order.challenges, issuer, allowances}, order.options.consent);
      if (!found) co_return std::unexpected(found.error());
      discovery = std::move(found->discovery);
      allowances = std::move(found->allowances);
    }
    if (!discovery->server && discovery->issuers.size() > 1 && issuer.empty()) {
      Result<std::string> chosen = co_await choose_issuer(services, discovery->issuers);
      if (!chosen) co_return std::unexpected(chosen.error());
      issuer = *chosen;
      discovery.reset();
    }
    // A choice that leads nowhere is not kept.
    const bool chosen = discovery && discovery->server && issuer != connection.oauth.issuer;
    if (allowances != connection.allowances || chosen) {
      connection.allowances = std::move(allowances);
      if (chosen) connection.oauth.issuer = issuer;
      Result<vault::Connection> updated = co_await services.store.connections().update(connection);
      if (!updated) co_return std::unexpected(updated.error());
      connection = std::move(*updated);
    }
    if (discovery) co_return std::move(*discovery);
  }
}

Task<Result<CallbackListener::Wish>> choose_port(Services& services,
                                                 const vault::Connection& connection,
                                                 const std::string& issuer) {
  CallbackListener::Wish wish;
  wish.path = connection.oauth.redirect_path;
  if (connection.oauth.redirect_port != 0) {
    wish.port = connection.oauth.redirect_port;
    wish.kind = CallbackListener::Wish::Port::fixed;
    co_return wish;
  }
  Result<std::optional<vault::Registration>> registered =
      co_await services.login.registrar().find_current(organization_of(services), issuer,
                                                       connection.oauth);
  if (!registered) co_return std::unexpected(registered.error());
  if (*registered) wish.port = registered_port((*registered)->redirect_uris, wish.path);
  co_return wish;
}

// Registration and a recorded login; where nobody registers us, the person is asked for a client.
Task<Result<oauth_client::PendingLogin>> begin_login(Services& services, SignInOrder& order,
                                                     std::string redirect_uri,
                                                     Discovery discovery) {
  while (true) {
    oauth_client::LoginRequest request;
    request.connection = order.connection;
    request.key = upstream::credential_key(target_of(order.connection));
    request.redirect_uri = redirect_uri;
    request.challenges = order.challenges;
    request.step_up_scope = order.step_up_scope;
    request.issuer = order.connection.oauth.issuer;
    Result<oauth_client::PendingLogin> pending =
        co_await services.login.begin(std::move(request), discovery);
    if (pending || discovery.guessed_endpoints ||
        !may_ask_client(services, order.connection, pending.error())) {
      co_return pending;
    }
    Result<vault::Connection> with_client =
        co_await ask_client(services, order.connection, pending.error(), redirect_uri);
    if (!with_client) co_return std::unexpected(with_client.error());
    order.connection = std::move(*with_client);
  }
}

}  // namespace

bool person_present(const Services& services) {
  return services.terminal.can_ask() || services.browser.chosen();
}

Task<Result<SignedIn>> sign_in(Services& services, SignInOrder order) {
  if (order.connection.transport != vault::Transport::http) {
    co_return fail(
        Errc::unsupported,
        fmt::format("{} is a command on this machine: it has no sign-in", order.connection.name));
  }
  Result<Discovery> discovery = co_await find_out(services, order);
  if (!discovery) co_return std::unexpected(discovery.error());
  Result<oauth::AuthorizationServerMetadata> server = oauth_client::require_server(*discovery);
  if (!server) co_return std::unexpected(server.error());
  Result<CallbackListener::Wish> wish =
      co_await choose_port(services, order.connection, server->issuer);
  if (!wish) co_return std::unexpected(wish.error());

  const auto race = std::make_shared<Race>(services.executor);
  const auto listener = std::make_shared<CallbackListener>(
      services, [race](const Result<LoginOutcome>& outcome) { race->finish(outcome); });
  race->listening = listener->listen(*wish);

  Result<oauth_client::PendingLogin> pending =
      co_await begin_login(services, order, listener->redirect_uri(), std::move(*discovery));
  if (!pending) {
    co_await listener->drain();
    co_return std::unexpected(pending.error());
  }

  Result<LoginOutcome> outcome =
      co_await await_login(services, order, race, listener, std::move(*pending));
  if (!outcome) co_return std::unexpected(outcome.error());
  if (order.connection.auth != vault::AuthKind::oauth) {
    order.connection.auth = vault::AuthKind::oauth;
    Result<vault::Connection> updated =
        co_await services.store.connections().update(order.connection);
    if (!updated) co_return std::unexpected(updated.error());
    order.connection = std::move(*updated);
  }
  services.tokens.drop_cache();
  services.upstreams.reset(order.connection.id);
  co_return SignedIn{std::move(order.connection), std::move(*outcome)};
}

}  // namespace gatehouse::cli
