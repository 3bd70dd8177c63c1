#include "oauth_client/idle_refresh.hpp"

#include <algorithm>
#include <cstring>

#include "async/timer.hpp"
#include "base/random.hpp"
#include "oauth_client/client_configuration.hpp"

namespace gatehouse::oauth_client {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;
using Outcome = RefreshPlan::Outcome;

constexpr auto kTendEvery = 1h;          // registrations change slowly
constexpr milliseconds kSettle = 100ms;  // several changes of one moment are read together

std::uint64_t random_seed() {
  const std::string bytes = random_bytes(sizeof(std::uint64_t));
  std::uint64_t seed = 0;
  std::memcpy(&seed, bytes.data(), sizeof seed);
  return seed;
}

bool is_cared_for(const vault::Connection& connection) {
  // A token that nobody signs in for is obtained when it is needed.
  return connection.options.enabled && connection.transport == vault::Transport::http &&
         connection.auth != vault::AuthKind::headers && !is_machine(connection);
}

Task<Result<void>> next_change(Condition& changed) {
  co_await changed.wait();
  co_return Result<void>{};
}

}  // namespace

IdleRefresh::IdleRefresh(Parts parts, OrganizationId organization)
    : parts_(parts),
      organization_(std::move(organization)),
      registrar_(parts.store.registrations(), parts.http, parts.clock, ClientSettings{}),
      plan_(random_seed()),
      changed_(parts.tasks.executor()) {}

Task<> IdleRefresh::run() {
  while (true) {
    const milliseconds wait = co_await look();
    // What happened during the look is looked at next, but not more often than this.
    co_await sleep_for(std::min(wait, kSettle));
    if (again_ || wait <= kSettle) continue;
    (void)co_await with_timeout(wait - kSettle, next_change(changed_), "the next refresh");
  }
}

void IdleRefresh::on_change(const vault::Change& change) {
  if (change.organization != organization_) return;
  if (change.table != "credentials" && change.table != "connections") return;
  dirty_ = true;
  wake();
}

void IdleRefresh::wake() {
  again_ = true;
  changed_.notify_all();
}

Task<milliseconds> IdleRefresh::look() {
  again_ = false;
  const SteadyTime start = parts_.clock.steady_now();
  if (dirty_ || start - read_at_ >= limits::kIdleRefreshLook) {
    dirty_ = false;
    auto holdings = co_await read_holdings();
    if (!holdings) {
      dirty_ = true;
      parts_.logger.warn("idle_refresh_failed", {{"detail", holdings.error().detail}});
      co_return limits::kFeedSilence;
    }
    read_at_ = start;
    std::vector<vault::Credential> credentials;
    connections_.clear();
    issuers_.clear();
    for (Holding& holding : *holdings) {
      const vault::Credential& credential = holding.credential;
      auto& allowed = issuers_[credential.binding.issuer];
      allowed.insert(allowed.end(), holding.connection.allowances.begin(),
                     holding.connection.allowances.end());
      const auto& end = credential.tokens.expires_at;
      if (credential.sign_in_required && (!end || *end <= parts_.clock.now())) {
        co_await note_end(holding.connection, credential.key,
                          {Errc::sign_in_required, credential.sign_in_reason,
                           "run `gatehouse login " + holding.connection.name + "`"});
      }
      connections_.insert_or_assign(credential.key, holding.connection);
      credentials.push_back(credential);
    }
    plan_.set(credentials);
  }
  if (!tended_at_ || start - *tended_at_ >= kTendEvery) {
    tended_at_ = start;
    parts_.tasks.spawn("tend_registrations", tend_registrations());
  }
  for (const vault::CredentialKey& key : plan_.take_due(
           now(), limits::kIdleRefreshes - std::min(under_way_, limits::kIdleRefreshes))) {
    ++under_way_;
    parts_.tasks.spawn("idle_refresh", refresh_one(key));
  }
  // With all places taken, the end of one wakes the loop.
  if (under_way_ >= limits::kIdleRefreshes) co_return limits::kIdleRefreshLook;
  co_return plan_.until_next(now());
}

Task<Result<std::vector<IdleRefresh::Holding>>> IdleRefresh::read_holdings() {
  const auto connections = co_await parts_.store.connections().list(organization_);
  if (!connections) co_return std::unexpected(connections.error());
  const auto keys = co_await parts_.store.credentials().list(organization_, std::nullopt);
  if (!keys) co_return std::unexpected(keys.error());
  std::vector<Holding> holdings;
  for (const vault::CredentialKey& key : *keys) {
    const auto found = std::ranges::find(*connections, key.connection, &vault::Connection::id);
    if (found == connections->end() || !is_cared_for(*found)) continue;
    // One row that cannot be read costs that login only.
    auto row = co_await parts_.store.credentials().find(key);
    if (row && *row) holdings.push_back({*found, std::move(**row)});
  }
  co_return holdings;
}

Task<> IdleRefresh::refresh_one(vault::CredentialKey key) {
  struct Place {
    explicit Place(IdleRefresh& owner) : owner_(owner) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      --owner_.under_way_;
      owner_.wake();
    }
    IdleRefresh& owner_;
  };
  const Place place(*this);
  const Outcome outcome = co_await try_refresh(key);
  plan_.on_end(key, outcome, now());
}

Task<Outcome> IdleRefresh::try_refresh(vault::CredentialKey key) {
  const auto found = connections_.find(key);
  if (found == connections_.end()) co_return Outcome::failed;
  const vault::Connection connection = found->second;
  const auto before = co_await parts_.store.credentials().find(key);
  if (!before || !*before) co_return Outcome::failed;
  const auto fresh = co_await parts_.tokens.refresh_stored(connection, key);
  if (fresh && (fresh->version != (*before)->version || fresh->epoch != (*before)->epoch))
    co_return Outcome::refreshed;
  // The token at hand is still good, though its refresh failed.
  if (fresh) co_return fresh->sign_in_required ? Outcome::ended : Outcome::failed;
  const Errc code = fresh.error().code;
  if (code != Errc::sign_in_required && code != Errc::invalid_client) co_return Outcome::failed;
  co_await note_end(connection, key, fresh.error());
  // Where the row does not say so, the server may come to its senses: tried again, slowly.
  const auto after = co_await parts_.store.credentials().find(key);
  const bool over = after && *after && (*after)->sign_in_required;
  co_return over ? Outcome::ended : Outcome::failed;
}

Task<> IdleRefresh::note_end(vault::Connection connection, vault::CredentialKey key, Error why) {
  // One member's or a second account's trouble is not the state of the connection.
  if (key.owner || key.account != connection.default_account) co_return;
  vault::ConnectionStore& store = parts_.store.connections();
  auto state = co_await store.load_state(organization_, connection.id);
  if (!state) co_return;
  const vault::Health health =
      why.code == Errc::invalid_client ? vault::Health::failing : vault::Health::sign_in_required;
  if (state->health == health && state->detail == why.detail) co_return;
  state->health = health;
  state->detail = why.detail;
  state->hint = why.hint;
  state->checked_at = parts_.clock.now();
  (void)co_await store.save_state(organization_, connection.id, std::move(*state));
}

Task<> IdleRefresh::tend_registrations() {
  const auto all = co_await parts_.store.registrations().list(organization_);
  if (!all) co_return;
  const auto issuers = issuers_;
  std::set<std::string> seen;
  for (const vault::Registration& one : *all) {
    const auto allowed = issuers.find(one.issuer);
    if (allowed == issuers.end() || one.kind != vault::RegistrationKind::dynamic) continue;
    const Fitness fitness = fitness_of(one, parts_.clock.now());
    if (fitness == Fitness::ending || fitness == Fitness::ended) {
      const auto renewed = co_await registrar_.renew(one, allowed->second);
      const bool good = renewed && fitness_of(*renewed, parts_.clock.now()) == Fitness::good;
      parts_.logger.info("client_secret_ends",
                         {{"issuer", one.issuer}, {"renewed", good ? "yes" : "no"}});
    }
    if (!seen.insert(one.issuer).second) continue;
    for (const DeletionReport& report :
         co_await erase_unused_clients(parts_.store.registrations(), organization_, one.issuer,
                                       Unused::superseded, allowed->second, parts_.http)) {
      parts_.logger.info("client_erased", {{"issuer", report.issuer},
                                           {"client_id", report.client_id},
                                           {"at_provider", report.detail}});
    }
  }
}

}  // namespace gatehouse::oauth_client
