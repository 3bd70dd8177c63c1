#include "oauth_client/refresh.hpp"

#include "async/shield.hpp"
#include "base/random.hpp"
#include "oauth/authorization.hpp"
#include "oauth_client/registration.hpp"
#include "oauth_client/revocation.hpp"

namespace gatehouse::oauth_client {

using Step = RefreshFlow::Step;
using Decision = RefreshFlow::Decision;

/// What one refresh() has at hand.
struct Refresher::Attempt {
  RefreshOrder order;
  RefreshFlow flow;
  std::string holder;                         ///< empty: no lease is held
  std::optional<vault::Credential> sent_for;  ///< the row whose refresh token was sent
  std::optional<vault::TokenSet> pair;        ///< received, not stored yet
  std::optional<vault::Credential> stored;    ///< what save returned
  std::optional<oauth::ClientAuthentication> client;
  std::optional<oauth::JoseKey> key;                ///< what the tokens are bound to
  std::optional<vault::Registration> registration;  ///< of `client`
  std::optional<ClientProbe> probed;                ///< once the client was refused
};

namespace {

double jitter() {
  const std::string bytes = random_bytes(2);
  return (static_cast<unsigned char>(bytes[0]) * 256 + static_cast<unsigned char>(bytes[1])) /
         65536.0;
}

/// What the answer leaves out stays as it was (RFC 6749 §5.1, §6).
vault::TokenSet merge(const vault::TokenSet& old, oauth::TokenResponse response,
                      SystemTime sent_at) {
  vault::TokenSet tokens;
  tokens.access_token = std::move(response.access_token);
  if (response.refresh_token.empty()) {
    tokens.refresh_token = old.refresh_token;
  } else {
    tokens.refresh_token = std::move(response.refresh_token);
  }
  tokens.obtained_at = sent_at;
  if (response.expires_in) tokens.expires_at = sent_at + *response.expires_in;
  tokens.scope = response.scope.value_or(old.scope);
  tokens.token_type =
      response.token_type.empty() ? old.token_type : std::string(oauth::token_scheme(response));
  // Only an identity provider's is used, and shown to nobody but that provider.
  tokens.id_token = response.id_token.empty() ? old.id_token : response.id_token;
  return tokens;
}

/// Looking after the client takes several requests, and concerns other logins too.
bool holds_lease_during(Step step) {
  return step == Step::mark || step == Step::send || step == Step::save ||
         step == Step::require_sign_in || step == Step::settle || step == Step::revoke;
}

}  // namespace

Refresher::Refresher(vault::Store& store, http::Client& client, const Clock& clock, Logger& logger,
                     Sleep sleep)
    : store_(store),
      client_(client),
      clock_(clock),
      logger_(logger),
      sleep_(std::move(sleep)),
      registrar_(store.registrations(), client, clock, ClientSettings{}, sleep_),
      repair_(store.registrations(), client, clock, logger, registrar_) {}

Task<Result<vault::Credential>> Refresher::refresh(RefreshOrder order) {
  RefreshFlow flow(order.goal, now());
  Attempt attempt{.order = std::move(order), .flow = std::move(flow)};
  Decision decision = attempt.flow.begin();
  while (decision.step != Step::adopt && decision.step != Step::fail) {
    if (!holds_lease_during(decision.step)) co_await release(attempt);
    if (decision.delay.count() > 0) co_await sleep_(decision.delay);
    decision = co_await perform(attempt, std::move(decision));
  }
  co_await release(attempt);
  if (decision.step == Step::fail) co_return std::unexpected(*decision.error);
  if (attempt.stored) co_return *attempt.stored;
  co_return *attempt.flow.row();
}

Task<Decision> Refresher::perform(Attempt& attempt, Decision decision) {
  switch (decision.step) {
    case Step::read:
      co_return co_await read(attempt);
    case Step::acquire:
      co_return co_await acquire(attempt);
    case Step::mark:
      co_return co_await mark(attempt);
    case Step::send:
      co_return co_await send(attempt);
    case Step::save:
      co_return co_await save(attempt);
    case Step::require_sign_in:
      co_return co_await require_sign_in(attempt, decision.reason);
    case Step::settle:
      co_return co_await settle(attempt);
    case Step::revoke:
      co_return co_await revoke_late(attempt);
    case Step::probe:
      co_return co_await probe(attempt);
    case Step::give_up_client:
      co_return co_await give_up_client(attempt);
    case Step::adopt:
    case Step::fail:
      break;
  }
  co_return decision;
}

Task<Decision> Refresher::read(Attempt& attempt) {
  const auto row = co_await store_.credentials().find(attempt.order.key);
  if (!row) co_return attempt.flow.on_store_failed(row.error(), now());
  co_return attempt.flow.on_row(*row, now());
}

Task<Decision> Refresher::acquire(Attempt& attempt) {
  std::string holder = random_token(16);
  const auto lease =
      co_await store_.credentials().acquire_lease(attempt.order.key, holder, limits::kRefreshLease);
  if (!lease) co_return attempt.flow.on_store_failed(lease.error(), now());
  if (!*lease) co_return attempt.flow.on_busy(now(), jitter());
  attempt.holder = std::move(holder);
  // The client is looked up first: without one nothing is attempted, so nothing is marked.
  attempt.sent_for = (*lease)->credential;
  const auto client = co_await find_client(attempt);
  if (!client) co_return attempt.flow.on_store_failed(client.error(), now());
  attempt.client = *client;
  co_return attempt.flow.on_lease((*lease)->credential, now());
}

Task<Result<oauth::ClientAuthentication>> Refresher::find_client(Attempt& attempt) {
  const vault::CredentialBinding& binding = attempt.sent_for->binding;
  auto registration =
      co_await store_.registrations().find(attempt.order.key.organization, binding.registration);
  if (!registration) co_return std::unexpected(registration.error());
  if (!*registration || (*registration)->issuer != binding.issuer) {
    co_return fail(Errc::sign_in_required,
                   "the client registration that this login was made with is gone",
                   attempt.order.goal.login_hint);
  }
  if (const auto checked = oauth::check_endpoint(binding.token_endpoint, "the token endpoint");
      !checked) {
    co_return std::unexpected(checked.error());
  }
  if (const Secret& pem = attempt.sent_for->dpop_key; !pem.empty()) {
    auto key = oauth::JoseKey::from_pem(pem);
    if (!key) co_return std::unexpected(key.error());
    attempt.key = std::move(*key);
  }
  // A login that came meanwhile may be of another client.
  const bool same_client =
      attempt.probed && attempt.probed->registration.client_id == (*registration)->client_id;
  if (same_client) {
    attempt.registration = attempt.probed->registration;
  } else {
    attempt.registration = std::move(**registration);
    if (auto refused = repair_.find_recent(*attempt.registration, attempt.order.connection_name))
      co_return std::unexpected(std::move(*refused));
  }
  co_return client_authentication(*attempt.registration);
}

Task<Decision> Refresher::mark(Attempt& attempt) {
  const vault::Credential& row = *attempt.sent_for;
  const auto marked = co_await store_.credentials().mark_attempt(attempt.order.key, row.version,
                                                                 row.epoch, clock_.now());
  if (marked) co_return attempt.flow.on_marked();
  if (marked.error().code == Errc::conflict) co_return co_await after_conflict(attempt, Step::mark);
  co_return attempt.flow.on_store_failed(marked.error(), now());
}

Task<Decision> Refresher::send(Attempt& attempt) {
  const vault::Credential& row = *attempt.sent_for;
  http::Request request = oauth::make_refresh_request(
      row.binding.token_endpoint, row.tokens.refresh_token, row.binding.resource, *attempt.client);
  TokenRequest order{.request = std::move(request),
                     .client = *attempt.client,
                     .key = attempt.key,
                     .allowances = attempt.order.allowances};
  const SystemTime sent_at = clock_.now();
  const Result<http::Reply> reply =
      co_await send_token_request(std::move(order), client_, clock_, nonces_);
  Error error;
  if (reply) {
    Result<oauth::TokenResponse> tokens = oauth::parse_token_response(
        reply->status, reply->body, attempt.key ? oauth::Proof::sent : oauth::Proof::none);
    if (tokens) {
      attempt.pair = merge(row.tokens, std::move(*tokens), sent_at);
      // The old refresh token may be spent: stopping before the pair is stored would lose the
      // login.
      co_await ignore_cancellation();
      co_return attempt.flow.on_tokens();
    }
    error = tokens.error();
  } else {
    error = reply.error();
  }
  logger_.warn("refresh_failed", {{"connection", attempt.order.key.connection.value},
                                  {"issuer", row.binding.issuer},
                                  {"code", std::string(to_string(error.code))},
                                  {"detail", error.detail}});
  co_return attempt.flow.on_failure(error, now(), jitter());
}

Task<Decision> Refresher::save(Attempt& attempt) {
  const vault::Credential& row = *attempt.sent_for;
  auto saved = co_await store_.credentials().save_refreshed(attempt.order.key, row.version,
                                                            row.epoch, *attempt.pair);
  if (saved) {
    attempt.stored = std::move(*saved);
    logger_.info("refreshed", {{"connection", attempt.order.key.connection.value},
                               {"issuer", row.binding.issuer}});
    co_await repair_.forgive(*attempt.registration);
    co_return attempt.flow.on_saved();
  }
  if (saved.error().code == Errc::conflict || saved.error().code == Errc::not_found)
    co_return co_await after_conflict(attempt, Step::save);
  logger_.error("refreshed_pair_not_stored", {{"connection", attempt.order.key.connection.value},
                                              {"detail", saved.error().detail}});
  co_return attempt.flow.on_save_failed(saved.error());
}

Task<Decision> Refresher::require_sign_in(Attempt& attempt, std::string reason) {
  const vault::Credential& row = *attempt.sent_for;
  const auto noted = co_await store_.credentials().require_sign_in(attempt.order.key, row.version,
                                                                   row.epoch, std::move(reason));
  if (!noted && noted.error().code == Errc::conflict)
    co_return co_await after_conflict(attempt, Step::require_sign_in);
  co_return attempt.flow.on_noted();
}

Task<Decision> Refresher::settle(Attempt& attempt) {
  const vault::Credential& row = *attempt.sent_for;
  // When this fails one attempt too many is counted, which costs a replay at worst.
  (void)co_await store_.credentials().settle_attempt(attempt.order.key, row.version, row.epoch);
  co_return attempt.flow.on_noted();
}

Task<Decision> Refresher::revoke_late(Attempt& attempt) {
  const RevocationReport report =
      co_await revoke(*attempt.pair, attempt.sent_for->binding.revocation_endpoint, *attempt.client,
                      attempt.order.allowances, client_, clock_);
  logger_.info("late_tokens_revoked",
               {{"connection", attempt.order.key.connection.value}, {"outcome", report.detail}});
  co_return attempt.flow.on_noted();
}

Task<Decision> Refresher::after_conflict(Attempt& attempt, Step step) {
  const auto row = co_await store_.credentials().find(attempt.order.key);
  if (row) co_return attempt.flow.on_conflict(step, *row, now());
  if (step != Step::save) co_return attempt.flow.on_store_failed(row.error(), now());
  co_return attempt.flow.on_save_failed(row.error());
}

Task<Decision> Refresher::probe(Attempt& attempt) {
  attempt.probed = co_await repair_.probe(*attempt.registration, attempt.order.allowances);
  co_return attempt.flow.on_probed(attempt.probed->passing, now(), jitter());
}

Task<Decision> Refresher::give_up_client(Attempt& attempt) {
  // What was probed may be newer than what the row names; what was sent is what was refused.
  attempt.probed->registration = *attempt.registration;
  const Error error = co_await repair_.give_up(*attempt.probed, attempt.order.allowances,
                                               attempt.order.connection_name);
  co_return attempt.flow.on_client_given_up(error, now());
}

Task<> Refresher::release(Attempt& attempt) {
  if (attempt.holder.empty()) co_return;
  (void)co_await store_.credentials().release_lease(attempt.order.key,
                                                    std::exchange(attempt.holder, {}));
}

}  // namespace gatehouse::oauth_client
