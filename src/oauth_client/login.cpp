#include "oauth_client/login.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "async/shield.hpp"
#include "base/random.hpp"
#include "oauth/authorization.hpp"
#include "oauth/pkce.hpp"
#include "oauth/scope.hpp"
#include "oauth_client/client_configuration.hpp"
#include "oauth_client/id_token_check.hpp"
#include "oauth_client/issuer_change.hpp"
#include "oauth_client/machine_grants.hpp"

namespace gatehouse::oauth_client {
namespace {

std::string login_hint(std::string_view name) {
  return "run `gatehouse login " + std::string(name) + "`";
}

LoginOutcome describe_login(const vault::Credential& credential) {
  return LoginOutcome{
      .key = credential.key,
      .issuer = credential.binding.issuer,
      .resource = credential.binding.resource,
      .requested_scope = credential.requested_scope,
      .scope = credential.tokens.scope,
      .missing_scopes = oauth::missing_scopes(credential.requested_scope, credential.tokens.scope),
      .subject = credential.subject,
      .expires_at = credential.tokens.expires_at,
      .refreshable = !credential.tokens.refresh_token.empty()};
}

std::unexpected<Error> no_such_login() {
  return fail(Errc::not_found, "no login is waiting for this callback",
              "it may have been finished already, replaced by a later one, or be older than ten "
              "minutes: start the login again");
}

Result<void> check_login(const vault::Connection& connection,
                         const oauth::AuthorizationServerMetadata& server) {
  // An identity provider is chosen by hand, and some take PKCE without saying so.
  if (connection.role == vault::Role::identity_provider)
    return oauth::check_endpoint(server.authorization_endpoint, "the authorization endpoint");
  return check_browser_login(server);
}

bool is_provider(const vault::Connection& connection) {
  return connection.role == vault::Role::identity_provider;
}

std::vector<std::string> wanted_scopes(const vault::Connection& connection,
                                       const Discovery& discovery) {
  if (is_provider(connection)) return {"openid"};
  if (!discovery.resource_metadata) return {};
  return discovery.resource_metadata->scopes_supported;
}

bool refuses_client(const http::Reply& reply) {
  const auto response = oauth::parse_token_response(reply.status, reply.body, oauth::Proof::sent);
  return !response && response.error().code == Errc::invalid_client;
}

Task<Result<vault::Connection>> find_connection(vault::ConnectionStore& store,
                                                OrganizationId organization, ConnectionId id) {
  auto list = co_await store.list(organization);
  if (!list) co_return std::unexpected(list.error());
  for (vault::Connection& connection : *list)
    if (connection.id == id) co_return std::move(connection);
  co_return fail(Errc::conflict, "the connection of this login was removed meanwhile");
}

}  // namespace

Login::Login(vault::Store& store, http::Client& client, const Clock& clock, Logger& logger,
             ClientSettings settings)
    : store_(store),
      client_(client),
      clock_(clock),
      logger_(logger),
      registrar_(store.registrations(), client, clock, std::move(settings)),
      repair_(store.registrations(), client, clock, logger, registrar_) {}

Task<Result<PendingLogin>> Login::begin(LoginRequest request) {
  DiscoveryRequest question = discovery_request(request.connection, request.issuer);
  question.challenges = request.challenges;
  // Where a login was made before; another one is not even contacted without the person's word.
  if (question.issuer.empty()) {
    question.issuer =
        co_await find_known_issuer(store_.credentials(), request.connection, request.key);
  }
  auto discovery = co_await discover(std::move(question), client_);
  if (!discovery) co_return std::unexpected(discovery.error());
  co_return co_await begin(std::move(request), std::move(*discovery));
}

Task<Result<PendingLogin>> Login::begin(LoginRequest request, Discovery discovery) {
  const vault::Connection& connection = request.connection;
  if (is_machine(connection)) {
    const std::string& provider = connection.oauth.identity_provider;
    co_return fail(Errc::unsupported, "nobody signs in to " + connection.name + " itself",
                   provider.empty() ? std::string() : login_hint(provider));
  }
  // Nobody is sent to another authorization server without a word of theirs.
  if (request.issuer.empty()) {
    const std::string known =
        co_await find_known_issuer(store_.credentials(), connection, request.key);
    if (const auto change = find_change(discovery, known))
      co_return std::unexpected(describe_change(*change, connection.name));
  }
  const auto server = require_server(discovery);
  if (!server) co_return std::unexpected(server.error());
  // Guessed endpoints announce nothing; trying them decides.
  const auto usable = check_login(connection, *server);
  if (!usable && !discovery.guessed_endpoints) co_return std::unexpected(usable.error());
  RegistrationRequest wanted{.organization = request.key.organization,
                             .connection_name = connection.name,
                             .server = *server,
                             .settings = connection.oauth,
                             .redirect_uri = request.redirect_uri,
                             .further_redirect_uris = request.further_redirect_uris,
                             .allowances = connection.allowances};
  auto registration = co_await registrar_.obtain(std::move(wanted));
  if (!registration) {
    if (discovery.guessed_endpoints && registration.error().code == Errc::rejected) {
      co_return fail(
          Errc::unsupported,
          "the server publishes no OAuth metadata, and registering at its default "
          "endpoint failed: " +
              registration.error().detail,
          fmt::format("it probably needs an API key: gatehouse edit {} --bearer env:VARIABLE (or "
                      "--header NAME=env:VARIABLE)",
                      connection.name));
    }
    co_return std::unexpected(registration.error());
  }
  co_return co_await record(std::move(request), std::move(discovery), std::move(*registration));
}

Task<Result<vault::Authorization>> Login::draft(LoginRequest request, Discovery discovery,
                                                vault::Registration registration) {
  const oauth::AuthorizationServerMetadata& server = *discovery.server;
  const auto current = co_await store_.credentials().find(request.key);
  // A row that cannot be decrypted is no obstacle: this login is the way out of that.
  if (!current && current.error().code != Errc::corrupt) co_return std::unexpected(current.error());
  const auto epoch = co_await store_.credentials().find_epoch(request.key);
  if (!epoch) co_return std::unexpected(epoch.error());
  const auto dpop = wants_proof(request.connection.oauth.dpop, discovery);
  if (!dpop) co_return std::unexpected(dpop.error());
  const bool known = current && *current;
  const bool same = known && (*current)->binding.issuer == server.issuer &&
                    (*current)->binding.resource == discovery.resource;
  const bool step_up = !request.step_up_scope.empty();
  const std::string challenge = step_up ? request.step_up_scope : discovery.challenge_scope;
  const std::string scope = oauth::select_scope(
      {.challenge = challenge,
       .resource_scopes = wanted_scopes(request.connection, discovery),
       .configured = request.connection.oauth.scopes,
       .previously_requested =
           same && step_up ? std::string_view((*current)->requested_scope) : std::string_view(),
       .server_scopes = server.scopes_supported});
  co_return vault::Authorization{.id = AuthorizationId::make(),
                                 .key = request.key,
                                 .binding = {.issuer = server.issuer,
                                             .resource = discovery.resource,
                                             .registration = registration.id,
                                             .token_endpoint = server.token_endpoint,
                                             .revocation_endpoint = server.revocation_endpoint,
                                             .server_url = request.connection.url},
                                 .redirect_uri = request.redirect_uri,
                                 .requested_scope = scope,
                                 .iss_advertised = server.iss_parameter_supported,
                                 .dpop = *dpop,
                                 .epoch = *epoch,
                                 .browser_hash = request.browser_hash,
                                 .created_at = clock_.now()};
}

Task<Result<PendingLogin>> Login::record(LoginRequest request, Discovery discovery,
                                         vault::Registration registration) {
  auto drafted = co_await draft(request, discovery, registration);
  if (!drafted) co_return std::unexpected(drafted.error());
  vault::Authorization pending = std::move(*drafted);
  const std::string state = oauth::make_state();
  pending.state_hash = oauth::hash_state(state);
  pending.verifier = oauth::make_verifier();
  if (is_provider(request.connection)) pending.nonce = random_token(16);
  const auto url = oauth::make_authorization_url(
      {.authorization_endpoint = discovery.server->authorization_endpoint,
       .client_id = registration.client_id,
       .redirect_uri = pending.redirect_uri,
       .state = state,
       .code_challenge = oauth::s256_challenge(pending.verifier.reveal()),
       .resource = pending.binding.resource,
       .scope = pending.requested_scope,
       .nonce = pending.nonce});
  if (!url) co_return std::unexpected(url.error());
  PendingLogin begun{.id = pending.id,
                     .authorization_url = *url,
                     .issuer = pending.binding.issuer,
                     .resource = pending.binding.resource,
                     .scope = pending.requested_scope,
                     .client_id = registration.client_id,
                     .registration_kind = registration.kind,
                     .expires_at = pending.created_at + limits::kAuthorizationLife,
                     .state_hash = pending.state_hash};
  const auto saved = co_await store_.authorizations().save(std::move(pending));
  if (!saved) co_return std::unexpected(saved.error());
  co_return begun;
}

Task<Result<LoginOutcome>> Login::finish(OrganizationId organization, std::string callback_text,
                                         std::string browser_hash) {
  const auto callback = oauth::parse_callback(callback_text);
  if (!callback) co_return std::unexpected(callback.error());
  // State before anything else: what does not match leaves every login pending.
  const std::string state_hash = oauth::hash_state(callback->state);
  const auto found = co_await store_.authorizations().find(organization, state_hash);
  if (!found) co_return std::unexpected(found.error());
  // A device login (RFC 8628) has no redirect URI and is finished by polling alone.
  if (!*found || (*found)->redirect_uri.empty()) co_return no_such_login();
  if ((*found)->browser_hash != browser_hash) {
    co_return fail(Errc::not_found, "this login was started in another browser",
                   "open the link in the browser that started it");
  }
  auto taken = co_await store_.authorizations().take(organization, state_hash);
  if (!taken) co_return std::unexpected(taken.error());
  if (!*taken) co_return no_such_login();
  vault::Authorization pending = std::move(**taken);
  // RFC 9207 before the error is shown or the code sent anywhere.
  if (const auto checked = oauth::check_callback_issuer(callback->iss, pending.binding.issuer,
                                                        pending.iss_advertised);
      !checked) {
    co_return std::unexpected(checked.error());
  }
  if (!callback->error.empty()) co_return std::unexpected(oauth::authorization_error(*callback));
  co_return co_await exchange(std::move(pending), callback->code);
}

Task<Result<Login::Party>> Login::find_party(const vault::Authorization& pending) {
  const OrganizationId organization = pending.key.organization;
  auto connection =
      co_await find_connection(store_.connections(), organization, pending.key.connection);
  if (!connection) co_return std::unexpected(connection.error());
  if (connection->url != pending.binding.server_url) {
    co_return fail(Errc::conflict, "the connection's URL was changed during the login",
                   login_hint(connection->name));
  }
  auto registration =
      co_await store_.registrations().find(organization, pending.binding.registration);
  if (!registration) co_return std::unexpected(registration.error());
  if (!*registration || (*registration)->issuer != pending.binding.issuer) {
    co_return fail(Errc::conflict, "the client registration was removed during the login",
                   login_hint(connection->name));
  }
  Party party{std::move(*connection), std::move(**registration), {}};
  if (pending.dpop) {
    auto key = oauth::JoseKey::generate();
    if (!key) co_return std::unexpected(key.error());
    party.key = std::move(*key);
  }
  co_return party;
}

Task<Result<http::Reply>> Login::send_code(const vault::Authorization& pending, const Party& party,
                                           std::string code) {
  const auto client = client_authentication(party.registration);
  if (!client) co_return std::unexpected(client.error());
  http::Request request =
      oauth::make_code_request(pending.binding.token_endpoint, code, pending.verifier,
                               pending.redirect_uri, pending.binding.resource, *client);
  TokenRequest order{.request = std::move(request),
                     .client = *client,
                     .key = party.key,
                     .allowances = party.connection.allowances};
  co_return co_await send_token_request(std::move(order), client_, clock_, nonces_);
}

Task<Result<LoginOutcome>> Login::exchange(vault::Authorization pending, std::string code) {
  auto party = co_await find_party(pending);
  if (!party) co_return std::unexpected(party.error());
  const std::string again = login_hint(party->connection.name) + " again";
  Result<http::Reply> reply = co_await send_code(pending, *party, code);
  if (reply && refuses_client(*reply)) {
    ClientProbe probe = co_await repair_.probe(party->registration, party->connection.allowances);
    if (probe.passing) {
      probe.passing->hint = again;
      co_return std::unexpected(*probe.passing);
    }
    party->registration = probe.registration;
    reply = co_await send_code(pending, *party, code);
    if (reply && refuses_client(*reply)) {
      co_return std::unexpected(co_await repair_.give_up(
          std::move(probe), party->connection.allowances, party->connection.name));
    }
  }
  if (!reply) {
    Error error = reply.error();
    // A code works once: after a lost answer only a new login helps.
    if (error.hint.empty() || error.code == Errc::outcome_unknown) error.hint = again;
    co_return std::unexpected(std::move(error));
  }
  co_return co_await store_tokens(std::move(pending), std::move(*party), reply->body,
                                  reply->status);
}

Task<Result<LoginOutcome>> Login::store_tokens(vault::Authorization pending, Party party,
                                               std::string body, int status) {
  const SystemTime now = clock_.now();
  const vault::Registration& registration = party.registration;
  std::vector<http::Allowance>& allowances = party.connection.allowances;
  auto response = oauth::parse_token_response(status, body,
                                              party.key ? oauth::Proof::sent : oauth::Proof::none);
  if (response) {
    const auto bound = check_bound(party.connection.oauth.dpop, *response);
    if (!bound) response = std::unexpected(bound.error());
  }
  if (!response) {
    if (response.error().code == Errc::invalid_client)
      co_await retire_registration(store_.registrations(), registration, now);
    logger_.warn("login_failed", {{"connection", pending.key.connection.value},
                                  {"issuer", pending.binding.issuer},
                                  {"detail", response.error().detail}});
    co_return std::unexpected(response.error());
  }
  // The code is spent: stopping before the tokens are stored would lose the login.
  co_await ignore_cancellation();
  vault::Credential credential{.key = pending.key,
                               .binding = pending.binding,
                               .requested_scope = pending.requested_scope,
                               .subject = response->id_token_subject};
  credential.tokens.access_token = std::move(response->access_token);
  credential.tokens.refresh_token = std::move(response->refresh_token);
  credential.tokens.obtained_at = now;
  if (response->expires_in) credential.tokens.expires_at = now + *response->expires_in;
  credential.tokens.scope = response->scope.value_or(pending.requested_scope);
  credential.tokens.token_type = oauth::token_scheme(*response);
  if (is_provider(party.connection)) {
    const auto who = co_await check_id_token({.provider = party.connection,
                                              .client_id = registration.client_id,
                                              .nonce = pending.nonce,
                                              .token = response->id_token},
                                             client_, clock_);
    if (!who) {
      co_await revoke_late(pending, registration, std::move(allowances), credential.tokens);
      co_return std::unexpected(who.error());
    }
    credential.subject = who->display;
    credential.tokens.id_token = std::move(response->id_token);
  }
  // Kept for ordinary tokens too: refresh tokens of public clients are bound to it (RFC 9449 §5).
  if (party.key) credential.dpop_key = party.key->to_pem();
  const vault::TokenSet tokens = credential.tokens;
  const auto saved = co_await store_.credentials().save_login(credential, pending.epoch);
  if (saved) {
    logger_.info("signed_in", {{"connection", pending.key.connection.value},
                               {"issuer", pending.binding.issuer}});
    co_await repair_.forgive(registration);
    (void)co_await erase_unused_clients(store_.registrations(), pending.key.organization,
                                        pending.binding.issuer, Unused::superseded,
                                        std::move(allowances), client_);
    co_return describe_login(*saved);
  }
  // Newer login, logout or removal: these tokens belong to nobody any more.
  co_await revoke_late(pending, registration, std::move(allowances), tokens);
  if (saved.error().code != Errc::conflict && saved.error().code != Errc::not_found)
    co_return std::unexpected(saved.error());
  co_return fail(Errc::conflict,
                 "a later login or a logout came first; the tokens of this one were discarded");
}

Task<> Login::revoke_late(const vault::Authorization& pending,
                          const vault::Registration& registration,
                          std::vector<http::Allowance> allowances, vault::TokenSet tokens) {
  const auto client = client_authentication(registration);
  if (!client) co_return;
  const RevocationReport report =
      co_await revoke(std::move(tokens), pending.binding.revocation_endpoint, *client,
                      std::move(allowances), client_, clock_);
  logger_.warn("late_login_revoked",
               {{"connection", pending.key.connection.value}, {"outcome", report.detail}});
}

Task<Result<bool>> Login::is_pending(OrganizationId organization, std::string state_hash) {
  const auto found = co_await store_.authorizations().find(std::move(organization), state_hash);
  if (!found) co_return std::unexpected(found.error());
  co_return found->has_value();
}

Task<Result<void>> Login::cancel(OrganizationId organization, AuthorizationId id) {
  co_return co_await store_.authorizations().erase(organization, id);
}

Task<Result<RevocationReport>> Login::logout(vault::Connection connection,
                                             vault::CredentialKey key) {
  const auto ended = co_await store_.credentials().end_login(key);
  if (!ended) co_return std::unexpected(ended.error());
  if (!*ended || (*ended)->tokens.access_token.empty())
    co_return RevocationReport{Revoked::nothing, "nobody was signed in"};
  const vault::Credential& held = **ended;
  const auto registration =
      co_await store_.registrations().find(key.organization, held.binding.registration);
  if (!registration || !*registration) {
    co_return RevocationReport{Revoked::failed,
                               "the client registration of the login is gone, so that the tokens "
                               "could not be revoked; they were forgotten here"};
  }
  const auto client = client_authentication(**registration);
  if (!client) co_return RevocationReport{Revoked::failed, client.error().detail};
  co_return co_await revoke(held.tokens, held.binding.revocation_endpoint, *client,
                            connection.allowances, client_, clock_);
}

}  // namespace gatehouse::oauth_client
