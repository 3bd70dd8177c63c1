// Store interfaces, one per aggregate (design §6). Implemented over memory, SQLite and later
// PostgreSQL; all pass store_contract. Organization is a parameter of every call (design: rule 4).
// Errors: storage, not_found, conflict, corrupt.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"
#include "vault/key_store.hpp"
#include "vault/records.hpp"

namespace gatehouse::vault {

class ConnectionStore {
 public:
  virtual ~ConnectionStore() = default;
  /// Revision 1; makes an id and the creation time where they are missing. conflict when the name
  /// is taken.
  virtual Task<Result<Connection>> create(Connection connection) = 0;
  /// Compare-and-set on revision; returns the stored record with the next revision. conflict also
  /// when the new name is taken; not_found. With secrets_problem set the stored secrets stay.
  virtual Task<Result<Connection>> update(Connection connection) = 0;
  virtual Task<Result<std::optional<Connection>>> find(OrganizationId organization,
                                                       std::string name) = 0;
  /// Sorted by name. A record whose secrets cannot be decrypted is returned without them, with
  /// secrets_problem set, rather than hidden; so does find().
  virtual Task<Result<std::vector<Connection>>> list(OrganizationId organization) = 0;
  /// Removes the connection with its state, catalog, credentials and pending logins, in one
  /// transaction. not_found.
  virtual Task<Result<void>> erase(OrganizationId organization, ConnectionId id) = 0;

  virtual Task<Result<ConnectionState>> load_state(
      OrganizationId organization, ConnectionId id) = 0;  ///< default when never saved
  /// Those that were ever saved.
  virtual Task<Result<std::map<ConnectionId, ConnectionState>>> load_states(
      OrganizationId organization) = 0;
  /// not_found when the connection is gone: a late answer does not bring it back.
  virtual Task<Result<void>> save_state(OrganizationId organization, ConnectionId id,
                                        ConnectionState state) = 0;
  /// The member's own list or, without one, everybody's.
  virtual Task<Result<std::optional<StoredCatalog>>> load_catalog(OrganizationId organization,
                                                                  ConnectionId id,
                                                                  MemberId member) = 0;
  /// The one member of this machine.
  Task<Result<std::optional<StoredCatalog>>> load_catalog(OrganizationId organization,
                                                          ConnectionId id) {
    return load_catalog(std::move(organization), std::move(id), local_member());
  }
  /// Those of all connections, as load_catalog() finds them; damaged ones are left out.
  virtual Task<Result<std::vector<StoredCatalog>>> load_catalogs(OrganizationId organization,
                                                                 MemberId member) = 0;
  /// Replaces the list of the catalog's owner, and changes pins in the same transaction. A list for
  /// everybody ends those of members, a member's ends the one for everybody. A list with nothing
  /// new in it but its time is no change that the feed tells of. not_found when the connection is
  /// gone.
  virtual Task<Result<void>> save_catalog(OrganizationId organization, StoredCatalog catalog,
                                          PinChanges pins = {}) = 0;
  enum class Pins { all, waiting };
  /// In order of kind and name.
  virtual Task<Result<std::vector<Pin>>> load_pins(OrganizationId organization, ConnectionId id,
                                                   std::optional<MemberId> owner, Pins which) = 0;
  /// How many were made: the others had been changed meanwhile. not_found when the connection is
  /// gone.
  virtual Task<Result<std::size_t>> change_pins(OrganizationId organization, ConnectionId id,
                                                PinChanges pins) = 0;
  /// Forgets lists and pins: the connection leads to another server now. not_found.
  virtual Task<Result<void>> erase_catalog(OrganizationId organization, ConnectionId id) = 0;
};

/// A lease on one credential row, timed by the store.
struct Lease {
  std::string holder;     ///< random, one per attempt
  Credential credential;  ///< re-read under the lease
};

class CredentialStore {
 public:
  virtual ~CredentialStore() = default;
  /// corrupt when the row cannot be decrypted: that login only is lost. After end_login() the row
  /// is found without tokens.
  virtual Task<Result<std::optional<Credential>>> find(CredentialKey key) = 0;
  /// What save_login() expects: 0 without a row. Works on an undecryptable row, so that a login
  /// replaces it.
  virtual Task<Result<std::int64_t>> find_epoch(CredentialKey key) = 0;
  /// Those that hold a login, readable or not, sorted.
  virtual Task<Result<std::vector<CredentialKey>>> list(OrganizationId organization,
                                                        std::optional<ConnectionId> connection) = 0;
  /// A completed login: replaces the row if its epoch is still `expected_epoch` (0: none existed);
  /// epoch + 1, version + 1, sign_in_required and attempts cleared. conflict when the epoch moved
  /// on, not_found when the connection is gone.
  virtual Task<Result<Credential>> save_login(Credential credential,
                                              std::int64_t expected_epoch) = 0;
  /// Takes the lease if it is free or expired (store's clock, survives wall-clock jumps) and
  /// re-reads the row. Nothing: held by another. The same holder renews. not_found when there is no
  /// row.
  virtual Task<Result<std::optional<Lease>>> acquire_lease(CredentialKey key, std::string holder,
                                                           std::chrono::milliseconds life) = 0;
  /// By anyone but the holder: nothing happens.
  virtual Task<Result<void>> release_lease(CredentialKey key, std::string holder) = 0;
  /// Durable before the token request is sent: attempts + 1, last_attempt_at = now. conflict when
  /// version or epoch moved on.
  virtual Task<Result<void>> mark_attempt(CredentialKey key, std::int64_t version,
                                          std::int64_t epoch, SystemTime now) = 0;
  /// The attempt is known to have changed nothing (5xx, never sent): attempts - 1, at least 0. Not
  /// an error when version or epoch moved on.
  virtual Task<Result<void>> settle_attempt(CredentialKey key, std::int64_t version,
                                            std::int64_t epoch) {
    (void)key, (void)version, (void)epoch;
    co_return Result<void>{};
  }
  /// The new pair, durable before it is used: compare-and-set on version and epoch, lease or not;
  /// version + 1, attempts = 0. A set without refresh or ID token keeps the
  /// one held (RFC 6749 §6).
  virtual Task<Result<Credential>> save_refreshed(CredentialKey key, std::int64_t version,
                                                  std::int64_t epoch, TokenSet tokens) = 0;
  /// invalid_grant under unchanged version and epoch: the row stays until a login or logout
  /// replaces it.
  virtual Task<Result<void>> require_sign_in(CredentialKey key, std::int64_t version,
                                             std::int64_t epoch, std::string reason) = 0;
  /// Logout: forgets the tokens, epoch + 1; the row stays so that late answers find the epoch gone.
  /// Returns what was held, for revocation; nothing when none was. Works on an undecryptable row,
  /// whose tokens then come back empty.
  virtual Task<Result<std::optional<Credential>>> end_login(CredentialKey key) = 0;
};

class RegistrationStore {
 public:
  virtual ~RegistrationStore() = default;
  /// The newest one of that kind that can be decrypted.
  virtual Task<Result<std::optional<Registration>>> find_current(OrganizationId organization,
                                                                 std::string issuer,
                                                                 RegistrationKind kind) = 0;
  virtual Task<Result<std::optional<Registration>>> find(OrganizationId organization,
                                                         RegistrationId id) = 0;
  /// Makes `registration` current if `expected` (its id; nothing: none) still is; first writer
  /// wins, the loser gets conflict. With the id of `expected` it replaces that one, compare-and-set
  /// on revision as well.
  virtual Task<Result<Registration>> save(Registration registration,
                                          std::optional<RegistrationId> expected) = 0;
  /// Changes this very one, current or not: compare-and-set on revision. conflict, not_found.
  virtual Task<Result<Registration>> update(Registration registration) = 0;
  /// Oldest first; what cannot be decrypted is left out.
  virtual Task<Result<std::vector<Registration>>> list(OrganizationId organization) = 0;
  /// Not an error when it is gone already.
  virtual Task<Result<void>> erase(OrganizationId organization, RegistrationId id) = 0;
  /// Erases it unless a login or a pending one refers to it; true when it was there and is gone.
  virtual Task<Result<bool>> erase_unused(OrganizationId organization, RegistrationId id) = 0;
};

class AuthorizationStore {
 public:
  virtual ~AuthorizationStore() = default;
  /// Retires older pending logins of the same key (a second login retires the first) and expired
  /// ones of everybody; keeps the newest kPendingLogins of one connection and owner. not_found when
  /// the connection is gone.
  virtual Task<Result<void>> save(Authorization authorization) = 0;
  /// Looks without consuming; nothing when unknown or older than kAuthorizationLife.
  virtual Task<Result<std::optional<Authorization>>> find(OrganizationId organization,
                                                          std::string state_hash) = 0;
  /// Consumes it: exactly one caller gets it.
  virtual Task<Result<std::optional<Authorization>>> take(OrganizationId organization,
                                                          std::string state_hash) = 0;
  /// Not an error when it is gone already.
  virtual Task<Result<void>> erase(OrganizationId organization, AuthorizationId id) = 0;
};

class AgentTokenStore {
 public:
  virtual ~AgentTokenStore() = default;
  /// conflict when its id or hash exists.
  virtual Task<Result<void>> create(AgentToken token) = 0;
  /// Revoked and expired ones too: the caller judges.
  virtual Task<Result<std::optional<AgentToken>>> find_by_hash(std::string hash) = 0;
  /// Oldest first.
  virtual Task<Result<std::vector<AgentToken>>> list(OrganizationId organization) = 0;
  /// A second revocation keeps the first one's time. not_found.
  virtual Task<Result<void>> revoke(OrganizationId organization, TokenId id, SystemTime now) = 0;
};

inline constexpr std::int64_t kChangesKept = 10'000;  ///< numbered changes kept for slow readers
inline constexpr std::size_t kChangesAtOnce = 1000;   ///< most of one changes_after()

/// One row of the numbered change table. Caches drop what it names.
struct Change {
  std::int64_t number = 0;
  std::string table;  ///< connections, credentials, registrations, agent_tokens, catalogs, states
  OrganizationId organization;
  std::string id;  ///< the row's id (connection id for credentials, states and catalogs)
};

class ChangeFeed {
 public:
  virtual ~ChangeFeed() = default;
  virtual Task<Result<std::int64_t>> last_number() = 0;
  /// Changes after `number`, oldest first, at most 1000. Cheap when nothing changed. not_found when
  /// some of them are no longer kept (only the last kChangesKept are) or `number` is ahead of the
  /// table: the reader drops everything it holds and goes on from last_number().
  virtual Task<Result<std::vector<Change>>> changes_after(std::int64_t number) = 0;
  /// Calls `on_change` for every change made through this very object, on the writer's thread,
  /// after the change is durable and before its writer hears of it. The call must be quick and must
  /// not write to the store. Ends when the returned handle is dropped, which waits for calls under
  /// way. Null: this feed has no such hook.
  virtual std::shared_ptr<void> listen(std::function<void(const Change&)> on_change) {
    (void)on_change;
    return nullptr;
  }
};

/// Everything the process stores.
class Store {
 public:
  virtual ~Store() = default;
  virtual ConnectionStore& connections() = 0;
  virtual CredentialStore& credentials() = 0;
  virtual RegistrationStore& registrations() = 0;
  virtual AuthorizationStore& authorizations() = 0;
  virtual AgentTokenStore& agent_tokens() = 0;
  virtual ChangeFeed& changes() = 0;
  virtual KeyStore& keys() = 0;
};

}  // namespace gatehouse::vault
