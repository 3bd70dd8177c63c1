#include "oauth_client/machine_grants.hpp"

#include "async/shield.hpp"
#include "base/limits.hpp"
#include "base/random.hpp"
#include "oauth/authorization.hpp"
#include "oauth/grants.hpp"
#include "oauth/scope.hpp"
#include "oauth_client/discovery.hpp"
#include "oauth_client/issuer_change.hpp"
#include "oauth_client/machine_refusal.hpp"
#include "oauth_client/refresh_flow.hpp"

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;
using vault::Credential;
using vault::Grant;

constexpr auto kPoll = 150ms;  // a loser looks this often for the winner's token
constexpr int kRounds = 3;     // rows that changed under us

bool is_replaced(const Credential& row, const MachineOrder& order) {
  return row.version != order.refused_version || row.epoch != order.refused_epoch;
}

/// A token that needs no request: alive, and not the one that is to be replaced.
bool is_good(const Credential& row, const MachineOrder& order, SystemTime now) {
  if (!is_alive(row.tokens, now)) return false;
  if (order.refused_epoch != 0) return is_replaced(row, order);
  // Close to its end it is replaced ahead of time.
  return !row.tokens.expires_at || now < *row.tokens.expires_at - refresh_margin(row.tokens, 0);
}

vault::TokenSet make_tokens(oauth::TokenResponse response, const std::string& requested,
                            SystemTime sent_at) {
  // A refresh token is not kept: the grant itself does what it would do (RFC 6749 §4.4.3).
  vault::TokenSet tokens;
  tokens.token_type = oauth::token_scheme(response);
  tokens.access_token = std::move(response.access_token);
  tokens.obtained_at = sent_at;
  if (response.expires_in) tokens.expires_at = sent_at + *response.expires_in;
  tokens.scope = response.scope.value_or(requested);
  return tokens;
}

/// The key that a row's token is bound to, or a new one.
Result<std::optional<oauth::JoseKey>> key_of(const std::optional<Credential>& row, bool wanted) {
  if (!wanted) return std::nullopt;
  auto key = row && !row->dpop_key.empty() ? oauth::JoseKey::from_pem(row->dpop_key)
                                           : oauth::JoseKey::generate();
  if (!key) return std::unexpected(key.error());
  return std::move(*key);
}

bool is_row_of(const Credential& row, const vault::CredentialBinding& binding,
               const std::string& scope, const std::optional<oauth::JoseKey>& key) {
  return row.binding == binding && row.requested_scope == scope &&
         (key ? row.dpop_key.same_as(key->to_pem()) : row.dpop_key.empty());
}

std::unexpected<Error> changed_meanwhile() {
  return fail(Errc::conflict, "the connection was changed or signed out meanwhile", "try again");
}

}  // namespace

bool is_machine(const vault::Connection& connection) {
  return connection.oauth.grant != Grant::authorization_code;
}

MachineGrants::MachineGrants(vault::Store& store, http::Client& client, const Clock& clock,
                             Logger& logger, vault::SecretResolver resolve, Sleep sleep)
    : store_(store),
      client_(client),
      clock_(clock),
      logger_(logger),
      resolve_(std::move(resolve)),
      sleep_(std::move(sleep)),
      registrar_(store.registrations(), client, clock, ClientSettings{}) {}

void MachineGrants::forget(const ConnectionId& connection) {
  std::erase_if(refusals_, [&](const auto& one) { return one.first.connection == connection; });
}

Task<Result<Credential>> MachineGrants::obtain(MachineOrder order) {
  if (const auto held = refusals_.find(order.key); held != refusals_.end()) {
    if (!order.insist && clock_.steady_now() < held->second.until)
      co_return std::unexpected(held->second.error);
    refusals_.erase(held);
  }
  auto done = co_await attempt(order);
  if (done) {
    logger_.info("token_obtained",
                 {{"connection", order.connection.name}, {"issuer", done->binding.issuer}});
    co_return done;
  }
  const Error& error = done.error();
  logger_.info("token_not_obtained", {{"connection", order.connection.name},
                                      {"code", std::string(to_string(error.code))},
                                      {"detail", error.detail}});
  // Who keeps asking with a bad secret gets locked out.
  if (classify(error) == Disposition::refuse)
    refusals_[order.key] = {error, clock_.steady_now() + limits::kMachinePause};
  co_return done;
}

Task<Result<Credential>> MachineGrants::attempt(MachineOrder& order) {
  auto settings = co_await read_settings(order.connection);
  if (!settings) co_return std::unexpected(settings.error());
  for (int round = 0; round < kRounds; ++round) {
    auto stored = co_await find_stored(order.key);
    if (!stored) co_return std::unexpected(stored.error());
    const Row& row = stored->row;
    auto reused = co_await reuse_plan(order, row, *settings);
    if (!reused) co_return std::unexpected(reused.error());
    if (*reused && row && is_good(*row, order, clock_.now())) co_return *row;
    Result<Plan> plan =
        *reused ? Result<Plan>(std::move(**reused)) : co_await make_plan(order, row, *settings);
    if (!plan) co_return std::unexpected(plan.error());
    const auto ready = co_await prepare_row(order, *plan, *stored);
    if (!ready && ready.error().code == Errc::conflict) continue;
    if (!ready) co_return std::unexpected(ready.error());
    auto done = co_await ask_under_lease(order, *plan);
    if (done || done.error().code != Errc::conflict) co_return done;
  }
  co_return changed_meanwhile();
}

Task<Result<MachineGrants::Stored>> MachineGrants::find_stored(const vault::CredentialKey& key) {
  auto row = co_await store_.credentials().find(key);
  if (row) {
    const std::int64_t epoch = *row ? (*row)->epoch : 0;
    co_return Stored{std::move(*row), epoch};
  }
  if (row.error().code != Errc::corrupt) co_return std::unexpected(row.error());
  // A row that cannot be decrypted is replaced: nobody is needed for that.
  const auto epoch = co_await store_.credentials().find_epoch(key);
  if (!epoch) co_return std::unexpected(epoch.error());
  co_return Stored{std::nullopt, *epoch};
}

Task<Result<Secret>> MachineGrants::read_reference(std::string reference, std::string what) {
  if (!resolve_) co_return fail(Errc::unsupported, what + ": references are not read here");
  Result<Secret> read = co_await resolve_(std::move(reference));
  if (read) co_return std::move(*read);
  co_return fail(read.error().code, what + ": " + read.error().detail, read.error().hint);
}

Task<Result<vault::OAuthSettings>> MachineGrants::read_settings(
    const vault::Connection& connection) {
  vault::OAuthSettings settings = connection.oauth;
  if (!settings.client_secret_reference.empty()) {
    auto secret = co_await read_reference(settings.client_secret_reference, "the client secret");
    if (!secret) co_return std::unexpected(secret.error());
    settings.client_secret = std::move(*secret);
  }
  if (!settings.private_key_reference.empty()) {
    auto key = co_await read_reference(settings.private_key_reference, "the private key");
    if (!key) co_return std::unexpected(key.error());
    settings.private_key = std::move(*key);
  }
  co_return settings;
}

Task<Result<std::optional<MachineGrants::Plan>>> MachineGrants::reuse_plan(
    const MachineOrder& order, const Row& row, const vault::OAuthSettings& settings) {
  const bool same_server = row && row->binding.server_url == order.connection.url &&
                           (settings.issuer.empty() || settings.issuer == row->binding.issuer);
  // Refused here, or with what is known: perhaps another authorization server decides by now.
  if (!same_server || order.insist) co_return std::nullopt;
  if (order.refused_epoch != 0 && !is_replaced(*row, order)) co_return std::nullopt;
  if (!oauth::missing_scopes(oauth::join_scope(settings.scopes), row->requested_scope).empty())
    co_return std::nullopt;
  const auto registration =
      co_await store_.registrations().find(order.key.organization, row->binding.registration);
  if (!registration) co_return std::unexpected(registration.error());
  if (!*registration || !is_client_of(**registration, settings)) co_return std::nullopt;
  const auto client = client_authentication(**registration);
  if (!client) co_return std::unexpected(client.error());
  auto key = key_of(row, !row->dpop_key.empty());
  if (!key) co_return std::unexpected(key.error());
  co_return Plan{row->binding, row->requested_scope, *client, std::move(*key)};
}

Task<Result<vault::Registration>> MachineGrants::choose_client(
    const MachineOrder& order, const Row& row, const vault::OAuthSettings& settings,
    const oauth::AuthorizationServerMetadata& server) {
  if (row && row->binding.issuer == server.issuer) {
    auto held =
        co_await store_.registrations().find(order.key.organization, row->binding.registration);
    if (!held) co_return std::unexpected(held.error());
    if (*held && (*held)->issuer == server.issuer && is_client_of(**held, settings))
      co_return std::move(**held);
  }
  co_return co_await registrar_.obtain_configured({.organization = order.key.organization,
                                                   .connection_name = order.connection.name,
                                                   .server = server,
                                                   .settings = settings,
                                                   .redirect_uri = {},
                                                   .further_redirect_uris = {},
                                                   .allowances = order.connection.allowances});
}

Task<Result<MachineGrants::Plan>> MachineGrants::make_plan(const MachineOrder& order,
                                                           const Row& row,
                                                           vault::OAuthSettings settings) {
  // The secret or assertion goes to nobody but the one it went to before, unless a person says so.
  const bool pinned = !settings.issuer.empty();
  const bool has_known = !pinned && row && row->binding.server_url == order.connection.url;
  const std::string known = has_known ? row->binding.issuer : std::string();
  const auto discovery = co_await discover(discovery_request(order.connection, known), client_);
  if (!discovery) co_return std::unexpected(discovery.error());
  if (const auto change = find_change(*discovery, known))
    co_return std::unexpected(refuse_change(*change, order.connection.name));
  const auto server = require_server(*discovery);
  if (!server) co_return std::unexpected(server.error());
  const auto registration = co_await choose_client(order, row, settings, *server);
  if (!registration) co_return std::unexpected(registration.error());
  const auto client = client_authentication(*registration);
  if (!client) co_return std::unexpected(client.error());
  const auto wants = wants_proof(settings.dpop, *discovery);
  if (!wants) co_return std::unexpected(wants.error());
  auto key = key_of(row, *wants);
  if (!key) co_return std::unexpected(key.error());
  // No server_scopes: offline_access means a person who is away, and here is none.
  const std::string scope =
      oauth::select_scope({.challenge = discovery->challenge_scope,
                           .resource_scopes = discovery->resource_metadata
                                                  ? discovery->resource_metadata->scopes_supported
                                                  : std::vector<std::string>{},
                           .configured = settings.scopes,
                           .previously_requested = {},
                           .server_scopes = {}});
  co_return Plan{.binding = {.issuer = server->issuer,
                             .resource = discovery->resource,
                             .registration = registration->id,
                             .token_endpoint = server->token_endpoint,
                             .revocation_endpoint = server->revocation_endpoint,
                             .server_url = order.connection.url},
                 .scope = scope,
                 .client = *client,
                 .key = std::move(*key)};
}

/// The row that the lease is taken on; what was obtained for something else ends here.
Task<Result<void>> MachineGrants::prepare_row(const MachineOrder& order, const Plan& plan,
                                              const Stored& stored) {
  if (stored.row && is_row_of(*stored.row, plan.binding, plan.scope, plan.key))
    co_return Result<void>{};
  Credential credential{.key = order.key, .binding = plan.binding, .requested_scope = plan.scope};
  if (plan.key) credential.dpop_key = plan.key->to_pem();
  const auto saved = co_await store_.credentials().save_login(std::move(credential), stored.epoch);
  if (!saved) co_return std::unexpected(saved.error());
  co_return Result<void>{};
}

Task<Result<Credential>> MachineGrants::ask_under_lease(const MachineOrder& order,
                                                        const Plan& plan) {
  const SteadyTime until = clock_.steady_now() + limits::kRefreshWait;
  const std::string holder = random_token(16);
  while (true) {
    auto lease =
        co_await store_.credentials().acquire_lease(order.key, holder, limits::kRefreshLease);
    if (!lease) co_return std::unexpected(lease.error());
    if (*lease) {
      const Credential row = std::move((*lease)->credential);
      const bool ours = is_row_of(row, plan.binding, plan.scope, plan.key);
      Result<Credential> done = changed_meanwhile();
      if (ours && is_good(row, order, clock_.now())) {
        done = row;  // the winner's
      } else if (ours) {
        done = co_await ask_and_save(order, plan, row);
      }
      (void)co_await store_.credentials().release_lease(order.key, holder);
      co_return done;
    }
    if (clock_.steady_now() >= until) {
      co_return fail(Errc::timeout, "another process is obtaining the token and takes long",
                     "try again");
    }
    co_await sleep_(kPoll);
  }
}

Task<Result<Credential>> MachineGrants::ask_and_save(const MachineOrder& order, const Plan& plan,
                                                     const Credential& row) {
  const SystemTime sent_at = clock_.now();
  auto response = co_await ask(order, plan);
  if (!response) co_return std::unexpected(response.error());
  vault::TokenSet tokens = make_tokens(std::move(*response), plan.scope, sent_at);
  co_await ignore_cancellation();
  co_return co_await store_.credentials().save_refreshed(order.key, row.version, row.epoch,
                                                         std::move(tokens));
}

Task<Result<http::Reply>> MachineGrants::send(http::Request request,
                                              oauth::ClientAuthentication client,
                                              const vault::Connection& whose,
                                              std::optional<oauth::JoseKey> key) {
  TokenRequest order{.request = std::move(request),
                     .client = std::move(client),
                     .key = std::move(key),
                     .allowances = whose.allowances,
                     .timeout = limits::kMachineRequestTimeout};
  co_return co_await send_token_request(std::move(order), client_, clock_, nonces_);
}

Task<Result<oauth::TokenResponse>> MachineGrants::ask(const MachineOrder& order, const Plan& plan) {
  const vault::CredentialBinding& binding = plan.binding;
  if (const auto checked = oauth::check_endpoint(binding.token_endpoint, "the token endpoint");
      !checked) {
    co_return std::unexpected(checked.error());
  }
  http::Request request;
  if (order.connection.oauth.grant == Grant::client_credentials) {
    request = oauth::make_client_credentials_request(binding.token_endpoint, plan.scope,
                                                     binding.resource, plan.client);
  } else {
    const auto assertion = co_await read_assertion(order, plan);
    if (!assertion) co_return std::unexpected(assertion.error());
    request = oauth::make_jwt_bearer_request(binding.token_endpoint, *assertion, plan.scope,
                                             binding.resource, plan.client);
  }
  const auto reply = co_await send(std::move(request), plan.client, order.connection, plan.key);
  if (!reply) co_return std::unexpected(reply.error());
  const auto proof = plan.key ? oauth::Proof::sent : oauth::Proof::none;
  auto response = oauth::parse_token_response(reply->status, reply->body, proof);
  if (!response)
    co_return std::unexpected(explain_refusal(response.error(), order.connection, binding.issuer));
  if (const auto bound = check_bound(order.connection.oauth.dpop, *response); !bound)
    co_return std::unexpected(bound.error());
  co_return response;
}

Task<Result<Secret>> MachineGrants::read_assertion(const MachineOrder& order, const Plan& plan) {
  if (order.connection.oauth.grant == Grant::identity_assertion)
    co_return co_await exchange_identity(order, plan);
  // Anew at each request: platforms rotate these within minutes.
  co_return co_await read_reference(order.connection.oauth.assertion_reference, "the assertion");
}

Task<Result<Secret>> MachineGrants::exchange_identity(const MachineOrder& order, const Plan& plan) {
  if (!order.provider) {
    co_return fail(Errc::invalid_argument,
                   order.connection.name + " names no identity provider to sign in through");
  }
  const auto provider = co_await find_provider(*order.provider);
  if (!provider) co_return std::unexpected(provider.error());
  oauth::IdentityExchange exchange{.id_token = order.id_token,
                                   .audience = plan.binding.issuer,
                                   .resource = plan.binding.resource,
                                   .scope = plan.scope};
  if (exchange.id_token.empty()) {
    auto read = co_await read_reference(order.provider->oauth.assertion_reference, "the ID token");
    if (!read) co_return std::unexpected(read.error());
    exchange.id_token = std::move(*read);
  }
  const auto reply = co_await send(
      oauth::make_identity_exchange_request(provider->token_endpoint, exchange, provider->client),
      provider->client, *order.provider);
  if (!reply) co_return std::unexpected(reply.error());
  auto assertion = oauth::parse_identity_exchange(reply->status, reply->body);
  if (!assertion)
    co_return std::unexpected(
        explain_exchange_refusal(assertion.error(), *order.provider, order.connection));
  co_return assertion;
}

Task<Result<MachineGrants::Provider>> MachineGrants::find_provider(
    const vault::Connection& provider) {
  const auto discovery = co_await discover(discovery_request(provider), client_);
  if (!discovery) co_return std::unexpected(discovery.error());
  const auto server = require_server(*discovery);
  if (!server) co_return std::unexpected(server.error());
  auto settings = co_await read_settings(provider);
  if (!settings) co_return std::unexpected(settings.error());
  const auto registration =
      co_await registrar_.obtain_configured({.organization = provider.organization,
                                             .connection_name = provider.name,
                                             .server = *server,
                                             .settings = std::move(*settings),
                                             .redirect_uri = {},
                                             .further_redirect_uris = {},
                                             .allowances = provider.allowances});
  if (!registration) co_return std::unexpected(registration.error());
  const auto client = client_authentication(*registration);
  if (!client) co_return std::unexpected(client.error());
  co_return Provider{server->token_endpoint, server->issuer, *client};
}

}  // namespace gatehouse::oauth_client
