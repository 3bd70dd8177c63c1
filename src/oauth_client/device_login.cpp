#include "oauth_client/device_login.hpp"

#include "async/shield.hpp"
#include "oauth/authorization.hpp"
#include "oauth/pkce.hpp"

namespace gatehouse::oauth_client {
namespace {

using Step = DevicePoll::Step;
using Decision = DevicePoll::Decision;

std::string login_hint(std::string_view name) {
  return "run `gatehouse login " + std::string(name) + "`";
}

std::unexpected<Error> superseded() {
  return fail(Errc::conflict, "this sign-in was cancelled, or a later one replaced it");
}

}  // namespace

/// What one finish() has at hand.
struct DeviceLogin::Polling {
  OrganizationId organization;
  std::string state_hash;
  vault::Authorization pending;  ///< as found; taken only with the tokens
  Login::Party party;
  oauth::ClientAuthentication client;
  DevicePoll poll;
  http::Reply reply;  ///< the last answer
};

bool offers_device_login(const Discovery& discovery) {
  return discovery.server && oauth::offers_device_grant(*discovery.server);
}

DeviceLogin::DeviceLogin(Login& login, vault::Store& store, http::Client& client,
                         const Clock& clock, Logger& logger, Sleep sleep)
    : login_(login),
      store_(store),
      client_(client),
      clock_(clock),
      logger_(logger),
      sleep_(std::move(sleep)) {}

Task<Result<vault::Registration>> DeviceLogin::obtain_client(const LoginRequest& request,
                                                             const Discovery& discovery) {
  const vault::Connection& connection = request.connection;
  RegistrationRequest wanted{.organization = request.key.organization,
                             .connection_name = connection.name,
                             .server = *discovery.server,
                             .settings = connection.oauth,
                             .redirect_uri = request.redirect_uri,
                             .further_redirect_uris = request.further_redirect_uris,
                             .allowances = connection.allowances};
  co_return co_await login_.registrar().obtain(std::move(wanted));
}

Task<Result<http::Reply>> DeviceLogin::ask_for_codes(const LoginRequest& request,
                                                     const Discovery& discovery,
                                                     const vault::Registration& registration) {
  const auto client = client_authentication(registration);
  if (!client) co_return std::unexpected(client.error());
  auto drafted = co_await login_.draft(request, discovery, registration);
  if (!drafted) co_return std::unexpected(drafted.error());
  TokenRequest order{.request = oauth::make_device_authorization_request(
                         discovery.server->device_authorization_endpoint, drafted->requested_scope,
                         discovery.resource, *client),
                     .client = *client,
                     .key = {},
                     .allowances = request.connection.allowances};
  co_return co_await send_token_request(std::move(order), client_, clock_, login_.nonces_);
}

Task<Result<PendingDeviceLogin>> DeviceLogin::begin(LoginRequest request, Discovery discovery) {
  const auto server = require_server(discovery);
  if (!server) co_return std::unexpected(server.error());
  if (!offers_device_login(discovery)) {
    co_return fail(Errc::unsupported,
                   "the authorization server " + quote_remote(server->issuer) +
                       " offers no sign-in by a code on another device",
                   login_hint(request.connection.name) + " without --device");
  }
  if (const auto checked = oauth::check_endpoint(server->device_authorization_endpoint,
                                                 "the device authorization endpoint");
      !checked) {
    co_return std::unexpected(checked.error());
  }
  for (bool repeated = false;; repeated = true) {
    auto registration = co_await obtain_client(request, discovery);
    if (!registration) co_return std::unexpected(registration.error());
    const auto reply = co_await ask_for_codes(request, discovery, *registration);
    if (!reply) co_return std::unexpected(reply.error());
    auto device = oauth::parse_device_authorization(reply->status, reply->body);
    if (device) {
      co_return co_await record(std::move(request), std::move(discovery), std::move(*registration),
                                std::move(*device));
    }
    // A client that was registered before the server offered this, or is forgotten there: anew,
    // once.
    const bool dynamic = registration->kind == vault::RegistrationKind::dynamic;
    if (device.error().code != Errc::invalid_client || !dynamic || repeated)
      co_return std::unexpected(device.error());
    co_await retire_registration(store_.registrations(), std::move(*registration), clock_.now());
  }
}

Task<Result<PendingDeviceLogin>> DeviceLogin::record(LoginRequest request, Discovery discovery,
                                                     vault::Registration registration,
                                                     oauth::DeviceAuthorization device) {
  // No callback may finish this one: Login::finish() goes by the redirect URI.
  request.redirect_uri.clear();
  request.browser_hash.clear();
  auto drafted = co_await login_.draft(std::move(request), std::move(discovery), registration);
  if (!drafted) co_return std::unexpected(drafted.error());
  vault::Authorization pending = std::move(*drafted);
  const SystemTime now = pending.created_at;
  pending.state_hash = oauth::hash_state(std::string(device.device_code.reveal()));
  pending.verifier = std::move(device.device_code);
  // The store counts kAuthorizationLife from here; a code lives as long as its server says.
  pending.created_at = now + device.expires_in - limits::kAuthorizationLife;
  PendingDeviceLogin begun{.id = pending.id,
                           .user_code = std::move(device.user_code),
                           .verification_uri = std::move(device.verification_uri),
                           .verification_uri_complete = std::move(device.verification_uri_complete),
                           .interval = device.interval,
                           .expires_at = now + device.expires_in,
                           .issuer = pending.binding.issuer,
                           .resource = pending.binding.resource,
                           .scope = pending.requested_scope,
                           .client_id = registration.client_id,
                           .registration_kind = registration.kind,
                           .state_hash = pending.state_hash};
  const auto saved = co_await store_.authorizations().save(std::move(pending));
  if (!saved) co_return std::unexpected(saved.error());
  co_return begun;
}

Task<Result<LoginOutcome>> DeviceLogin::finish(OrganizationId organization,
                                               PendingDeviceLogin begun) {
  auto found = co_await store_.authorizations().find(organization, begun.state_hash);
  if (!found) co_return std::unexpected(found.error());
  if (!*found) co_return superseded();
  auto party = co_await login_.find_party(**found);
  if (!party) co_return std::unexpected(party.error());
  const auto client = client_authentication(party->registration);
  if (!client) co_return std::unexpected(client.error());
  const SteadyTime deadline = clock_.steady_now() + (begun.expires_at - clock_.now());
  const std::string hint = login_hint(party->connection.name);
  Polling polling{.organization = std::move(organization),
                  .state_hash = begun.state_hash,
                  .pending = std::move(**found),
                  .party = std::move(*party),
                  .client = *client,
                  .poll = DevicePoll(begun.interval, deadline, hint),
                  .reply = {}};
  Decision decision = polling.poll.begin(clock_.steady_now());
  while (true) {
    switch (decision.step) {
      case Step::wait:
        co_await sleep_(decision.delay);
        decision = polling.poll.on_wake(clock_.steady_now());
        break;
      case Step::ask:
        decision = co_await ask(polling);
        break;
      case Step::take:
        co_return co_await take(polling);
      case Step::fail: {
        const Error error = *decision.error;
        (void)co_await store_.authorizations().erase(polling.organization, polling.pending.id);
        if (error.code == Errc::invalid_client) {
          co_await retire_registration(store_.registrations(), polling.party.registration,
                                       clock_.now());
        }
        logger_.warn("login_failed", {{"connection", polling.pending.key.connection.value},
                                      {"issuer", polling.pending.binding.issuer},
                                      {"detail", error.detail}});
        co_return std::unexpected(error);
      }
    }
  }
}

Task<Decision> DeviceLogin::ask(Polling& polling) {
  // Retired by a later login in any process: its code is not asked for any more.
  const auto found =
      co_await store_.authorizations().find(polling.organization, polling.state_hash);
  if (found && !*found) co_return Decision{Step::fail, {}, superseded().error()};
  if (!found) co_return polling.poll.on_no_answer(found.error(), clock_.steady_now());
  const vault::CredentialBinding& binding = polling.pending.binding;
  TokenRequest order{
      .request = oauth::make_device_token_request(binding.token_endpoint, polling.pending.verifier,
                                                  binding.resource, polling.client),
      .client = polling.client,
      .key = polling.party.key,
      .allowances = polling.party.connection.allowances};
  auto reply = co_await send_token_request(std::move(order), client_, clock_, login_.nonces_);
  if (!reply) co_return polling.poll.on_no_answer(reply.error(), clock_.steady_now());
  polling.reply = std::move(*reply);
  const auto answer = oauth::judge_device_answer(polling.reply.status, polling.reply.body);
  Error error;
  if (answer == oauth::DeviceAnswer::tokens) {
    // The code is spent: stopping before the tokens are stored would lose the login.
    co_await ignore_cancellation();
  } else {
    const auto refusal = oauth::parse_token_response(polling.reply.status, polling.reply.body);
    if (!refusal) error = refusal.error();
  }
  co_return polling.poll.on_answer(answer, error, clock_.steady_now());
}

Task<Result<LoginOutcome>> DeviceLogin::take(Polling& polling) {
  const auto taken =
      co_await store_.authorizations().take(polling.organization, polling.state_hash);
  const auto party = co_await login_.find_party(polling.pending);
  const bool gone = taken && !*taken;
  if (!gone && party) {
    co_return co_await login_.store_tokens(std::move(polling.pending), std::move(polling.party),
                                           polling.reply.body, polling.reply.status);
  }
  // Ended while its last question was on the way: what came belongs to nobody.
  auto response =
      oauth::parse_token_response(polling.reply.status, polling.reply.body, oauth::Proof::sent);
  if (response) {
    vault::TokenSet tokens;
    tokens.access_token = std::move(response->access_token);
    tokens.refresh_token = std::move(response->refresh_token);
    co_await login_.revoke_late(polling.pending, polling.party.registration,
                                polling.party.connection.allowances, std::move(tokens));
  }
  if (gone) co_return superseded();
  co_return std::unexpected(party.error());
}

}  // namespace gatehouse::oauth_client
