// TokenSource: access tokens for upstream calls, cached per shard and refreshed ahead of expiry
// (design §3, §4.1). One per shard. The cache is dropped by the change feed (on_change), so that a
// login made by another process is picked up; the hot path never waits for the store.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "async/single_flight.hpp"
#include "async/task.hpp"
#include "async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "http/client.hpp"
#include "oauth_client/machine_grants.hpp"
#include "oauth_client/refresh.hpp"
#include "vault/store.hpp"

namespace gatehouse::oauth_client {

struct AccessToken {
  Secret value;
  std::int64_t version = 0;
  std::int64_t epoch = 0;
  std::optional<SystemTime> expires_at;  ///< nothing: unknown
  std::string scope;                     ///< granted
  std::string requested_scope;           ///< union of what was ever requested
  std::optional<oauth::JoseKey> key;     ///< each use needs a proof with it; nothing: Bearer
};
using AccessTokenPtr = std::shared_ptr<const AccessToken>;

/// The key of a token that is bound to one; nothing for others.
std::optional<oauth::JoseKey> proof_key(const vault::Credential& credential);

class TokenSource final {
 public:
  /// All must outlive this; `tasks` runs refreshes, which no waiter's leaving ends, and must be
  /// shut down before this goes. `sleep` is replaced in tests. `machine` obtains the tokens that no
  /// person signs in for; null: such connections are unsupported.
  TokenSource(
      vault::Store& store, http::Client& client, const Clock& clock, TaskGroup& tasks,
      Logger& logger,
      Refresher::Sleep sleep = [](Duration duration) { return sleep_for(duration); },
      MachineGrants* machine = nullptr);

  /// The cached token if it can be used without further ado; else null. Never waits: the hot path.
  AccessTokenPtr find_cached(const vault::CredentialKey& key) const;
  /// True when the store was asked, holds no login for `key`, and nothing was heard of one since.
  /// Never waits. Only for servers that may be open, where a 401 leads to on_unauthorized(): that
  /// asks the store again.
  bool is_known_absent(const vault::CredentialKey& key) const { return absent_.contains(key); }

  /// A token to use now: cached, stored or refreshed. A token near its expiry is returned while a
  /// refresh runs beside; an expired one waits for it. Errors: sign_in_required (a person must; the
  /// hint names the command), and transient ones: timeout, unavailable, outcome_unknown,
  /// server_error, storage; invalid_client. `connection` must outlive the call.
  Task<Result<AccessTokenPtr>> access_token(const vault::Connection& connection,
                                            vault::CredentialKey key);

  /// The server answered 401 to the token of `refused` (version and epoch): a newer one if there is
  /// one, else one forced refresh. A second 401 for the new version is the caller's
  /// sign_in_required. Errors: as access_token.
  Task<Result<AccessTokenPtr>> on_unauthorized(const vault::Connection& connection,
                                               vault::CredentialKey key, AccessTokenPtr refused);

  /// A new token now, whatever is held: what `gatehouse login` does for a connection that no person
  /// signs in to (is_machine). Errors: those of MachineGrants::obtain.
  Task<Result<vault::Credential>> obtain_anew(vault::Connection connection,
                                              vault::CredentialKey key);

  /// The ID token of the login at an identity provider, refreshed when it is about to end; where a
  /// refresh gave none, not again before kMachinePause or another login. Errors: sign_in_required
  /// (a person must sign in there), and transient ones.
  Task<Result<Secret>> id_token(vault::Connection provider, vault::CredentialKey key);

  /// The server answered 403 insufficient_scope: the Error that asks for a step-up, naming the
  /// union of what was requested before and what the challenge demands. `scope` (space separated)
  /// is for LoginRequest::step_up_scope.
  struct StepUp {
    Error error;        ///< Errc::insufficient_scope
    std::string scope;  ///< the union
  };
  static StepUp on_insufficient_scope(const vault::Connection& connection, const AccessToken& token,
                                      const std::vector<std::string>& challenges);

  /// Refreshes what is stored under `key`, used or not; shared with callers that want the same. The
  /// row to use now, which is unchanged when the refresh failed and its token is still good.
  /// Errors: as access_token. `connection` must outlive the call.
  Task<Result<vault::Credential>> refresh_stored(const vault::Connection& connection,
                                                 vault::CredentialKey key);

  /// A proof for one request with that token, with the nonce that the server gave last. Errors:
  /// invalid_argument (URL), bug.
  Result<std::string> make_proof(const AccessToken& token, std::string_view method,
                                 std::string_view url) const;
  /// An answer to a request with a proof. True: the server wants it again with its nonce.
  bool on_proved(std::string_view url, int status, const http::Headers& headers);

  /// Drops what the change names (credentials and registrations and connections tables).
  void on_change(const vault::Change& change);
  /// Drops everything: the feed was silent or reconnected.
  void drop_cache();

 private:
  struct Entry {
    AccessTokenPtr token;
    SystemTime obtained_at{};
    std::string server_url;
    bool refreshable = false;
    SystemTime next_refresh{};  ///< no refresh beside before; a pause after a failure
  };
  /// The version that a refresh left without a new ID token.
  struct IdTokenPause {
    std::int64_t version = 0;
    std::int64_t epoch = 0;
    SteadyTime until{};
  };
  using FlightKey = std::pair<vault::CredentialKey, bool>;  ///< forced or not

  Task<Result<AccessTokenPtr>> refresh(const vault::Connection& connection,
                                       const vault::Credential& credential, RefreshReason reason);
  void start_beside(const vault::Connection& connection, const vault::Credential& credential);
  // Tokens that no person signs in for (token_source_machine.cpp).
  Task<Result<AccessTokenPtr>> machine_token(const vault::Connection& connection,
                                             vault::CredentialKey key);
  Task<Result<AccessTokenPtr>> replace_machine_token(const vault::Connection& connection,
                                                     vault::CredentialKey key,
                                                     AccessTokenPtr refused);
  Task<Result<vault::Credential>> fly_machine(MachineOrder order);
  Task<Result<vault::Credential>> obtain_machine(MachineOrder order);
  Task<> obtain_machine_beside(MachineOrder order);
  bool is_id_token_paused(const vault::Credential& held) const;
  Task<> refresh_beside(RefreshOrder order);
  Task<Result<vault::Credential>> refresh_shared(RefreshOrder order);
  AccessTokenPtr remember(const vault::Credential& credential);
  std::chrono::milliseconds margin(const Entry& entry) const;

  vault::Store& store_;
  const Clock& clock_;
  TaskGroup& tasks_;
  Logger& logger_;
  Refresher refresher_;
  MachineGrants* machine_;
  SingleFlight<FlightKey, vault::Credential> flights_;
  static constexpr std::size_t kMaxAbsent = 10'000;

  std::map<vault::CredentialKey, Entry> cache_;
  std::set<vault::CredentialKey> absent_;
  std::map<vault::CredentialKey, IdTokenPause> id_token_pauses_;  ///< one per provider and person
  std::uint64_t generation_ = 0;                                  ///< counts changes seen
  oauth::DpopNonces nonces_;  ///< of the servers that are called
  double jitter_;             ///< of this process, so that several do not refresh at once
};

}  // namespace gatehouse::oauth_client
