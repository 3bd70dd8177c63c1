#include "cli/sign_in.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/callback_listener.hpp"
#include "cli/client_prompt.hpp"
#include "cli/connections.hpp"
#include "cli/sign_in_wait.hpp"
#include "cli/table.hpp"

namespace gatehouse::cli {
namespace {

using oauth_client::Discovery;
using oauth_client::LoginOutcome;

std::string kind_of_client(vault::RegistrationKind kind) {
  switch (kind) {
    case vault::RegistrationKind::preregistered:
      return "the client you configured";
    case vault::RegistrationKind::client_metadata:
      return "a client ID metadata document";
    case vault::RegistrationKind::dynamic:
      return "dynamic registration";
  }
  return {};
}

// What is known before the person acts; a terminal has said the first half already.
template <class Pending>
void announce(SignInScreen& screen, Terminal& terminal, const std::string& name,
              const Pending& pending) {
  const std::string kind = kind_of_client(pending.registration_kind);
  const std::string scope =
      pending.scope.empty() ? "" : "; asks for " + terminal::printable_bounded(pending.scope, 400);
  if (screen.live()) {
    screen.done(fmt::format("Client: {}{}", kind, scope));
  } else {
    terminal.note(
        fmt::format("Sign in to {} at {} ({}{}):", name, printable(pending.issuer), kind, scope));
  }
}

// Discovery with the person's consent and choice; what was agreed to is stored with the connection.
Task<Result<Discovery>> find_out(Services& services, SignInOrder& order) {
  vault::Connection& connection = order.connection;
  std::string issuer =
      order.options.issuer.empty() ? connection.oauth.issuer : order.options.issuer;
  std::optional<Discovery> discovery = std::move(order.discovery);
  const std::string known = co_await oauth_client::find_known_issuer(
      services.store.credentials(), connection,
      upstream::credential_key(target_of(connection, order.options.account)));
  while (true) {
    std::vector<http::Allowance> allowances = connection.allowances;
    if (!discovery) {
      // Another one than the known is not even contacted before the person has agreed to it.
      oauth_client::DiscoveryRequest question =
          oauth_client::discovery_request(connection, issuer.empty() ? known : issuer);
      question.challenges = order.challenges;
      Result<Discovered> found =
          co_await discover_with_consent(services, question, order.options.consent);
      if (!found) co_return std::unexpected(found.error());
      discovery = std::move(found->discovery);
      allowances = std::move(found->allowances);
    }
    const auto change = order.options.issuer.empty() ? oauth_client::find_change(*discovery, known)
                                                     : std::optional<oauth_client::IssuerChange>();
    if (change) {
      Result<std::string> agreed = co_await agree_to_issuer(services, connection.name, *change);
      if (!agreed) co_return std::unexpected(agreed.error());
      order.options.issuer = issuer = *agreed;
      discovery.reset();
      continue;
    }
    if (!discovery->server && discovery->issuers.size() > 1 && issuer.empty()) {
      Result<std::string> chosen = co_await choose_issuer(services, discovery->issuers);
      if (!chosen) co_return std::unexpected(chosen.error());
      issuer = *chosen;
      discovery.reset();
    }
    // A choice that leads nowhere is not kept.
    const bool chosen = discovery && discovery->server && issuer != connection.oauth.issuer;
    // A login that there is works on until the new one is made: a move is stored with that.
    const bool moves = chosen && !known.empty() && issuer != known;
    if (allowances != connection.allowances || (chosen && !moves)) {
      connection.allowances = std::move(allowances);
      if (chosen && !moves) connection.oauth.issuer = issuer;
      Result<vault::Connection> updated = co_await services.store.connections().update(connection);
      if (!updated) co_return std::unexpected(updated.error());
      connection = std::move(*updated);
    }
    if (moves) connection.oauth.issuer = issuer;
    if (discovery) co_return std::move(*discovery);
  }
}

Task<Result<RedirectPlan>> plan(Services& services, const vault::Connection& connection,
                                const std::string& issuer) {
  if (fixed_redirect_uri(connection.oauth)) co_return plan_redirect(connection.oauth, 0);
  Result<std::optional<vault::Registration>> registered =
      co_await services.login.registrar().find_current(organization_of(services), issuer,
                                                       connection.oauth);
  if (!registered) co_return std::unexpected(registered.error());
  std::uint16_t port = 0;
  if (*registered)
    port = registered_port((*registered)->redirect_uris, connection.oauth.redirect_path);
  co_return plan_redirect(connection.oauth, port);
}

oauth_client::LoginRequest make_request(const SignInOrder& order) {
  oauth_client::LoginRequest request;
  request.connection = order.connection;
  request.key = upstream::credential_key(target_of(order.connection, order.options.account));
  request.challenges = order.challenges;
  request.step_up_scope = order.step_up_scope;
  request.issuer = order.connection.oauth.issuer;
  return request;
}

// Registration and a recorded login; where nobody registers us, the person is asked for a client.
Task<Result<oauth_client::PendingLogin>> begin_login(Services& services, SignInOrder& order,
                                                     std::string redirect_uri,
                                                     Discovery discovery) {
  while (true) {
    oauth_client::LoginRequest request = make_request(order);
    request.redirect_uri = redirect_uri;
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

// What a provider that refuses a client registered by hand most often stumbles over.
Error with_redirect(Error error, const std::string& redirect_uri) {
  const bool refused = error.code == Errc::rejected || error.code == Errc::invalid_client ||
                       error.code == Errc::sign_in_required;
  if (refused) {
    error.hint += fmt::format("{}the provider must have exactly this redirect URI: {}",
                              error.hint.empty() ? "" : "; ", redirect_uri);
  }
  return error;
}

Task<Result<LoginOutcome>> by_link(SignInWait wait, SignInOrder& order, Discovery discovery) {
  Services& services = wait.services;
  const Result<RedirectPlan> redirect =
      co_await plan(services, order.connection, discovery.server->issuer);
  if (!redirect) co_return std::unexpected(redirect.error());
  const std::shared_ptr<SignInRace> race = wait.race;
  SignInScreen& screen = wait.screen;
  const auto listener = std::make_shared<CallbackListener>(
      services, CallbackListener::Listeners{
                    [race](const Result<LoginOutcome>& outcome) { race->finish(outcome); },
                    [&screen](bool working) {
                      screen.model().answered = working;
                      screen.update();
                    }});
  race->listening = listener->listen(*redirect);
  Result<oauth_client::PendingLogin> pending =
      co_await begin_login(services, order, listener->redirect_uri(), std::move(discovery));
  if (!pending) {
    co_await listener->drain();
    co_return std::unexpected(pending.error());
  }
  announce(screen, services.terminal, order.connection.name, *pending);
  const bool by_hand = pending->registration_kind == vault::RegistrationKind::preregistered;
  if (by_hand) screen.model().redirect_uri = listener->redirect_uri();
  if (order.options.qr == QrUse::shown) screen.model().qr = SignInModel::Qr::shown;
  Result<LoginOutcome> outcome = co_await await_link(wait, listener, std::move(*pending));
  if (!outcome && by_hand)
    co_return std::unexpected(with_redirect(outcome.error(), listener->redirect_uri()));
  co_return outcome;
}

bool no_browser_here(const Services& services) {
  return services.terminal.can_ask() && !services.browser.available();
}

// RFC 8628. Nothing where this was our choice and the server offers it but does not give a code:
// the link is left.
Task<std::optional<Result<LoginOutcome>>> by_device(SignInWait wait, const SignInOrder& order,
                                                    Discovery discovery) {
  Services& services = wait.services;
  oauth_client::DeviceLogin device(services.login, services.store, services.http, services.clock,
                                   services.log);
  Result<oauth_client::PendingDeviceLogin> pending =
      co_await device.begin(make_request(order), std::move(discovery));
  if (!pending) {
    if (order.options.way == SignInWay::device) co_return std::unexpected(pending.error());
    wait.screen.clear();
    services.terminal.note("No code for another device: " + printable(describe(pending.error())));
    co_return std::nullopt;
  }
  announce(wait.screen, services.terminal, order.connection.name, *pending);
  if (order.options.qr == QrUse::shown) wait.screen.model().qr = SignInModel::Qr::shown;
  co_return co_await await_device(wait, device, std::move(*pending));
}

Task<Result<LoginOutcome>> by_person(SignInWait wait, SignInOrder& order, Discovery discovery) {
  Services& services = wait.services;
  const bool chosen = order.options.way == SignInWay::device;
  const bool fitting = order.options.browser == BrowserUse::open && no_browser_here(services) &&
                       oauth_client::offers_device_login(discovery);
  if (chosen || fitting) {
    std::optional<Result<LoginOutcome>> outcome = co_await by_device(wait, order, discovery);
    if (outcome) co_return std::move(*outcome);
    wait.screen.busy("Registering at " + printable(discovery.server->issuer));
  }
  co_return co_await by_link(wait, order, std::move(discovery));
}

void say_title(Terminal& terminal, const SignInOrder& order) {
  if (!terminal.look().live) return;
  terminal::Line title("Signing in to " + order.connection.name, terminal::Style::strong);
  if (!order.options.account.empty()) title.add(" as account " + order.options.account);
  terminal.say(title);
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
  SignInScreen screen(services.terminal);
  say_title(services.terminal, order);
  if (!order.discovery) screen.busy("Finding out where to sign in");
  const std::string chosen_before = order.connection.oauth.issuer;
  Result<Discovery> discovery = co_await find_out(services, order);
  if (!discovery) co_return std::unexpected(discovery.error());
  Result<oauth::AuthorizationServerMetadata> server = oauth_client::require_server(*discovery);
  if (!server) co_return std::unexpected(server.error());
  discovery->server = *server;
  if (screen.live()) screen.done("The sign-in is at " + printable(server->issuer));
  screen.busy("Registering at " + printable(server->issuer));

  const auto race = std::make_shared<SignInRace>(services.executor);
  Result<LoginOutcome> outcome =
      co_await by_person({services, order, screen, race}, order, std::move(*discovery));
  if (!outcome) co_return std::unexpected(outcome.error());
  const bool moved = order.connection.oauth.issuer != chosen_before;
  if (order.connection.auth != vault::AuthKind::oauth || moved) {
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
