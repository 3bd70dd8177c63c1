#include "oauth_client/token_source.hpp"

#include "async/timer.hpp"
#include "base/random.hpp"
#include "oauth/challenge.hpp"
#include "oauth/scope.hpp"

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;

constexpr auto kUrgent = 5s;       // less life left than this: wait for the refresh
constexpr auto kRetryBeside = 5s;  // pause after a refresh beside that failed

std::string login_hint(const vault::Connection& connection) {
  return "run `gatehouse login " + connection.name + "`";
}

// A scope may hold what a shell acts on (RFC 6749 §3.3); such a one is only named.
bool is_plain_word(std::string_view scope) {
  return scope.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             "._:/@+-") == std::string_view::npos;
}

// A plain login would ask for what it asked for before.
std::string step_up_hint(const vault::Connection& connection, std::string_view scope) {
  std::string command = "gatehouse login " + connection.name;
  std::string further;
  for (const std::string& one : oauth::split_scope(scope)) {
    if (one == "offline_access") continue;  // every login asks for it where it is offered
    if (is_plain_word(one)) {
      command += " --scope " + one;
    } else {
      further = oauth::scope_union(further, one);
    }
  }
  return "run `" + command + "`" +
         (further.empty() ? std::string() : ", with --scope also for " + quote_remote(further));
}

Error sign_in_error(const vault::Connection& connection, std::string detail) {
  return {Errc::sign_in_required, std::move(detail), login_hint(connection)};
}

RefreshOrder refresh_order(const vault::Connection& connection, const vault::Credential& credential,
                           RefreshReason reason) {
  return {.key = credential.key,
          .connection_name = connection.name,
          .goal = {credential.version, credential.epoch, reason, login_hint(connection)},
          .allowances = connection.allowances};
}

/// design §2: unusable when what it was obtained for no longer matches.
Result<void> check_binding(const vault::Connection& connection,
                           const vault::Credential& credential) {
  const vault::CredentialBinding& binding = credential.binding;
  if (binding.server_url != connection.url) {
    return std::unexpected(
        sign_in_error(connection, "the login was made for another URL of this connection"));
  }
  const std::string& issuer = connection.oauth.issuer;
  if (!issuer.empty() && issuer != binding.issuer) {
    return std::unexpected(sign_in_error(
        connection, "the login was made at another authorization server than the one chosen now"));
  }
  const bool bound = credential.tokens.token_type == "DPoP";
  if (connection.oauth.dpop == vault::Dpop::required && !bound) {
    return std::unexpected(sign_in_error(
        connection, "the login has a token that anybody could use, and DPoP is required now"));
  }
  return {};
}

}  // namespace

TokenSource::TokenSource(vault::Store& store, http::Client& client, const Clock& clock,
                         TaskGroup& tasks, Logger& logger, Refresher::Sleep sleep,
                         MachineGrants* machine)
    : store_(store),
      clock_(clock),
      tasks_(tasks),
      logger_(logger),
      refresher_(store, client, clock, logger, std::move(sleep)),
      machine_(machine),
      flights_(tasks),
      jitter_(static_cast<unsigned char>(random_bytes(1)[0]) / 256.0) {}

std::chrono::milliseconds TokenSource::margin(const Entry& entry) const {
  vault::TokenSet times;
  times.expires_at = entry.token->expires_at;
  times.obtained_at = entry.obtained_at;
  return refresh_margin(times, jitter_);
}

AccessTokenPtr TokenSource::find_cached(const vault::CredentialKey& key) const {
  const auto found = cache_.find(key);
  if (found == cache_.end()) return nullptr;
  const Entry& entry = found->second;
  const SystemTime now = clock_.now();
  if (!entry.token->expires_at) return entry.token;
  if (now < *entry.token->expires_at - margin(entry)) return entry.token;
  // Close to the end the slow path refreshes beside; in the pause after a failure it need not.
  if (now < entry.next_refresh && now + kUrgent < *entry.token->expires_at) return entry.token;
  return nullptr;
}

AccessTokenPtr TokenSource::remember(const vault::Credential& credential) {
  absent_.erase(credential.key);
  auto token = std::make_shared<AccessToken>(AccessToken{
      .value = credential.tokens.access_token,
      .version = credential.version,
      .epoch = credential.epoch,
      .expires_at = credential.tokens.expires_at,
      .scope = credential.tokens.scope,
      .requested_scope = credential.requested_scope,
      .key = proof_key(credential),
  });
  cache_[credential.key] = Entry{
      .token = token,
      .obtained_at = credential.tokens.obtained_at,
      .server_url = credential.binding.server_url,
      .refreshable = !credential.tokens.refresh_token.empty() && !credential.sign_in_required};
  return token;
}

Task<Result<AccessTokenPtr>> TokenSource::access_token(const vault::Connection& connection,
                                                       vault::CredentialKey key) {
  // The connection's URL was edited before the change feed told us.
  if (const auto found = cache_.find(key);
      found != cache_.end() && found->second.server_url != connection.url) {
    cache_.erase(found);
  }
  if (AccessTokenPtr token = find_cached(key)) co_return token;
  if (is_machine(connection)) co_return co_await machine_token(connection, std::move(key));
  const std::uint64_t generation = generation_;
  auto row = co_await store_.credentials().find(key);
  // A row that cannot be decrypted costs that login, and a new one is the way out.
  if (!row && row.error().code == Errc::corrupt)
    co_return std::unexpected(sign_in_error(connection, row.error().detail));
  if (!row) co_return std::unexpected(row.error());
  if (!*row || (*row)->tokens.access_token.empty()) {
    if (absent_.size() >= kMaxAbsent) absent_.clear();
    if (generation == generation_) absent_.insert(key);
    co_return std::unexpected(sign_in_error(connection, "nobody is signed in"));
  }
  const vault::Credential& credential = **row;
  if (const auto bound = check_binding(connection, credential); !bound)
    co_return std::unexpected(bound.error());
  const SystemTime now = clock_.now();
  const bool alive = is_alive(credential.tokens, now);
  // A token whose refresh was refused works on until its known end (never for longer).
  if (credential.sign_in_required && !(alive && credential.tokens.expires_at)) {
    co_return std::unexpected(sign_in_error(connection, credential.sign_in_reason.empty()
                                                            ? "the login has ended"
                                                            : credential.sign_in_reason));
  }
  if (alive) {
    // A change that arrived while the row was read is not overwritten by what was read before it.
    if (generation != generation_) drop_cache();
    AccessTokenPtr token = remember(credential);
    const auto& expires_at = credential.tokens.expires_at;
    const bool refreshable = cache_[key].refreshable;
    const bool near = expires_at && now >= *expires_at - refresh_margin(credential.tokens, jitter_);
    if (!near || !refreshable) co_return token;
    if (now + kUrgent < *expires_at) {
      start_beside(connection, credential);
      co_return token;
    }
  }
  co_return co_await refresh(connection, credential, RefreshReason::ahead);
}

Task<Result<AccessTokenPtr>> TokenSource::on_unauthorized(const vault::Connection& connection,
                                                          vault::CredentialKey key,
                                                          AccessTokenPtr refused) {
  cache_.erase(key);
  absent_.erase(key);
  if (is_machine(connection))
    co_return co_await replace_machine_token(connection, std::move(key), std::move(refused));
  auto row = co_await store_.credentials().find(key);
  if (!row) co_return std::unexpected(row.error());
  if (!*row || (*row)->tokens.access_token.empty())
    co_return std::unexpected(sign_in_error(connection, "nobody is signed in"));
  const vault::Credential& credential = **row;
  if (const auto bound = check_binding(connection, credential); !bound)
    co_return std::unexpected(bound.error());
  const bool newer =
      !refused || credential.version != refused->version || credential.epoch != refused->epoch;
  if (newer) co_return co_await access_token(connection, std::move(key));
  co_return co_await refresh(connection, credential, RefreshReason::refused);
}

Task<Result<AccessTokenPtr>> TokenSource::refresh(const vault::Connection& connection,
                                                  const vault::Credential& credential,
                                                  RefreshReason reason) {
  // `credential` lives in the caller's frame; the flight may outlive it and gets a copy.
  const RefreshOrder order = refresh_order(connection, credential, reason);
  // Forced and ordinary refreshes do not share a flight: they disagree on what may stay in use.
  const FlightKey flight{credential.key, reason == RefreshReason::refused};
  std::function<Task<Result<vault::Credential>>()> start = [this, order] {
    return refresher_.refresh(order);
  };
  Result<vault::Credential> fresh =
      co_await with_timeout(limits::kRefreshWait, flights_.run(flight, std::move(start)),
                            "waiting for the login to be refreshed");
  if (!fresh) co_return std::unexpected(fresh.error());
  if (const auto bound = check_binding(connection, *fresh); !bound)
    co_return std::unexpected(bound.error());
  co_return remember(*fresh);
}

void TokenSource::start_beside(const vault::Connection& connection,
                               const vault::Credential& credential) {
  Entry& entry = cache_[credential.key];
  entry.next_refresh = clock_.now() + kRetryBeside;
  tasks_.spawn("refresh_ahead",
               refresh_beside(refresh_order(connection, credential, RefreshReason::ahead)));
}

Task<> TokenSource::refresh_beside(RefreshOrder order) {
  // An error is logged by the refresher; the token at hand is still good.
  (void)co_await refresh_shared(std::move(order));
}

Task<Result<vault::Credential>> TokenSource::refresh_stored(const vault::Connection& connection,
                                                            vault::CredentialKey key) {
  const auto row = co_await store_.credentials().find(key);
  if (!row) co_return std::unexpected(row.error());
  if (!*row || (*row)->tokens.access_token.empty())
    co_return std::unexpected(sign_in_error(connection, "nobody is signed in"));
  if (const auto bound = check_binding(connection, **row); !bound)
    co_return std::unexpected(bound.error());
  co_return co_await refresh_shared(refresh_order(connection, **row, RefreshReason::ahead));
}

Task<Result<vault::Credential>> TokenSource::refresh_shared(RefreshOrder order) {
  const FlightKey flight{order.key, false};
  std::function<Task<Result<vault::Credential>>()> start = [this, order] {
    return refresher_.refresh(order);
  };
  auto fresh = co_await flights_.run(flight, std::move(start));
  if (!fresh) co_return fresh;
  // Found unchanged because of a transient failure: the pause of the entry must survive.
  const auto found = cache_.find(order.key);
  if (found != cache_.end() && found->second.token->version == fresh->version &&
      found->second.token->epoch == fresh->epoch) {
    co_return fresh;
  }
  remember(*fresh);
  co_return fresh;
}

TokenSource::StepUp TokenSource::on_insufficient_scope(const vault::Connection& connection,
                                                       const AccessToken& token,
                                                       const std::vector<std::string>& challenges) {
  const auto parsed = oauth::parse_challenges(std::span<const std::string>(challenges));
  const auto bearer = oauth::find_bearer(parsed);
  const std::string demanded = bearer ? bearer->scope : std::string();
  StepUp step_up;
  step_up.scope =
      oauth::scope_union(oauth::scope_union(token.requested_scope, token.scope), demanded);
  step_up.error = Error{Errc::insufficient_scope,
                        "the server demands more rights than this login has" +
                            (demanded.empty() ? std::string() : ": " + quote_remote(demanded)),
                        step_up_hint(connection, step_up.scope)};
  return step_up;
}

void TokenSource::on_change(const vault::Change& change) {
  if (change.table != "credentials" && change.table != "connections") return;
  ++generation_;
  const auto is_named = [&](const vault::CredentialKey& key) {
    return key.organization == change.organization && key.connection.value == change.id;
  };
  std::erase_if(cache_, [&](const auto& entry) { return is_named(entry.first); });
  std::erase_if(absent_, is_named);
  if (machine_ != nullptr && change.table == "connections")
    machine_->forget(ConnectionId{change.id});
}

void TokenSource::drop_cache() {
  ++generation_;
  cache_.clear();
  absent_.clear();
}

}  // namespace gatehouse::oauth_client
