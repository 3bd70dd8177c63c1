// The part of TokenSource for connections that no person signs in to, and for the identity
// providers that vouch for people.
#include "async/timer.hpp"
#include "base/limits.hpp"
#include "oauth/grants.hpp"
#include "oauth_client/token_source.hpp"

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;

constexpr auto kUrgent = 5s;          // less life left than this: wait for the new token
constexpr auto kRetryBeside = 5s;     // pause after an attempt beside that failed
constexpr auto kIdTokenMargin = 30s;  // an ID token is sent with at least so much life left

std::unexpected<Error> sign_in_at(const vault::Connection& provider, std::string detail) {
  return fail(Errc::sign_in_required, std::move(detail),
              "run `gatehouse login " + provider.name + "`");
}

bool is_fresh(const Secret& id_token, SystemTime now) {
  if (id_token.empty()) return false;
  const std::optional<SystemTime> end = oauth::jwt_expiry(id_token.reveal());
  return !end || now + kIdTokenMargin < *end;
}

}  // namespace

Task<Result<AccessTokenPtr>> TokenSource::machine_token(const vault::Connection& connection,
                                                        vault::CredentialKey key) {
  const std::uint64_t generation = generation_;
  auto row = co_await store_.credentials().find(key);
  if (!row && row.error().code != Errc::corrupt) co_return std::unexpected(row.error());
  MachineOrder order{.connection = connection, .key = std::move(key)};
  const SystemTime now = clock_.now();
  const bool usable =
      row && *row && (*row)->binding.server_url == connection.url && is_alive((*row)->tokens, now);
  if (usable) {
    if (generation != generation_) drop_cache();
    AccessTokenPtr token = remember(**row);
    const auto& end = token->expires_at;
    if (!end || now < *end - refresh_margin((*row)->tokens, jitter_)) co_return token;
    if (now + kUrgent < *end) {
      cache_[order.key].next_refresh = now + kRetryBeside;
      tasks_.spawn("token_ahead", obtain_machine_beside(std::move(order)));
      co_return token;
    }
  }
  const auto fresh = co_await fly_machine(std::move(order));
  if (!fresh) co_return std::unexpected(fresh.error());
  co_return remember(*fresh);
}

Task<Result<AccessTokenPtr>> TokenSource::replace_machine_token(const vault::Connection& connection,
                                                                vault::CredentialKey key,
                                                                AccessTokenPtr refused) {
  MachineOrder order{.connection = connection, .key = std::move(key)};
  if (refused) {
    order.refused_version = refused->version;
    order.refused_epoch = refused->epoch;
  }
  const auto fresh = co_await fly_machine(std::move(order));
  if (!fresh) co_return std::unexpected(fresh.error());
  co_return remember(*fresh);
}

Task<Result<vault::Credential>> TokenSource::obtain_anew(vault::Connection connection,
                                                         vault::CredentialKey key) {
  const auto row = co_await store_.credentials().find(key);
  if (!row && row.error().code != Errc::corrupt) co_return std::unexpected(row.error());
  MachineOrder order{.connection = std::move(connection), .key = std::move(key), .insist = true};
  if (row && *row) {
    order.refused_version = (*row)->version;
    order.refused_epoch = (*row)->epoch;
  }
  cache_.erase(order.key);
  auto fresh = co_await fly_machine(std::move(order));
  if (fresh) remember(*fresh);
  co_return fresh;
}

Task<Result<vault::Credential>> TokenSource::fly_machine(MachineOrder order) {
  // Forced and ordinary attempts do not share a flight: they disagree on what may stay in use.
  const FlightKey flight{order.key, order.refused_epoch != 0};
  std::function<Task<Result<vault::Credential>>()> start = [this, order] {
    return obtain_machine(order);
  };
  co_return co_await with_timeout(limits::kRefreshWait, flights_.run(flight, std::move(start)),
                                  "waiting for the token to be obtained");
}

Task<> TokenSource::obtain_machine_beside(MachineOrder order) {
  const auto fresh = co_await fly_machine(std::move(order));
  if (fresh) remember(*fresh);  // a failure is logged; the token at hand is still good
}

Task<Result<vault::Credential>> TokenSource::obtain_machine(MachineOrder order) {
  if (machine_ == nullptr)
    co_return fail(Errc::unsupported, "tokens without a sign-in are not obtained here");
  if (order.connection.oauth.grant == vault::Grant::identity_assertion) {
    const std::string& name = order.connection.oauth.identity_provider;
    auto provider = co_await store_.connections().find(order.key.organization, name);
    if (!provider) co_return std::unexpected(provider.error());
    if (!*provider || (*provider)->role != vault::Role::identity_provider) {
      co_return fail(Errc::rejected,
                     "there is no identity provider " + quote_remote(name) + " to sign in through",
                     "gatehouse add " + name + " --identity-provider ISSUER --client-id ID");
    }
    order.provider = std::move(**provider);
    if (order.provider->oauth.assertion_reference.empty()) {
      // The person's login there; its own lease ends before ours begins.
      vault::CredentialKey key = order.key;
      key.connection = order.provider->id;
      auto token = co_await id_token(*order.provider, std::move(key));
      if (!token) co_return std::unexpected(token.error());
      order.id_token = std::move(*token);
    }
  }
  co_return co_await machine_->obtain(std::move(order));
}

bool TokenSource::is_id_token_paused(const vault::Credential& held) const {
  const auto found = id_token_pauses_.find(held.key);
  if (found == id_token_pauses_.end()) return false;
  const IdTokenPause& pause = found->second;
  return pause.version == held.version && pause.epoch == held.epoch &&
         clock_.steady_now() < pause.until;
}

Task<Result<Secret>> TokenSource::id_token(vault::Connection provider, vault::CredentialKey key) {
  for (bool refreshed = false;; refreshed = true) {
    auto row = co_await store_.credentials().find(key);
    if (!row && row.error().code == Errc::corrupt)
      co_return sign_in_at(provider, row.error().detail);
    if (!row) co_return std::unexpected(row.error());
    if (!*row || (*row)->tokens.access_token.empty())
      co_return sign_in_at(provider, "nobody is signed in at " + provider.name);
    const vault::Credential& held = **row;
    if (held.binding.server_url != provider.url)
      co_return sign_in_at(provider,
                           "the login at " + provider.name + " was made at another issuer");
    if (is_fresh(held.tokens.id_token, clock_.now())) {
      id_token_pauses_.erase(key);
      co_return held.tokens.id_token;
    }
    // Who gave none with this version is not asked at every call.
    if (refreshed)
      id_token_pauses_[key] = {held.version, held.epoch,
                               clock_.steady_now() + limits::kMachinePause};
    if (held.tokens.id_token.empty() || refreshed || is_id_token_paused(held)) {
      co_return sign_in_at(provider,
                           provider.name + (held.tokens.id_token.empty()
                                                ? " gave no ID token at the last sign-in"
                                                : " gives no new ID token without a sign-in"));
    }
    const auto fresh = co_await refresh(provider, held, RefreshReason::refused);
    if (!fresh) co_return std::unexpected(fresh.error());
  }
}

}  // namespace gatehouse::oauth_client
