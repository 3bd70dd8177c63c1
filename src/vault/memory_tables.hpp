// MemoryTables: what MemoryStore keeps, and the one way to write to it. Used only by memory_*.cpp.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "vault/boot_clock.hpp"
#include "vault/change_listeners.hpp"
#include "vault/store.hpp"

namespace gatehouse::vault {

struct MemoryLease {
  std::string holder;
  std::string boot_id;
  std::chrono::milliseconds until{};
};

struct MemoryCredential {
  Credential record;
  std::optional<MemoryLease> lease;
  bool held() const {
    return !record.tokens.access_token.empty() || !record.tokens.refresh_token.empty();
  }
};

struct MemoryTables {
  explicit MemoryTables(StoreClocks store_clocks) : clocks(store_clocks) {}

  std::mutex mutex;  ///< guards the maps below; never held while listeners run
  StoreClocks clocks;
  std::map<ConnectionId, Connection> connections;
  std::map<ConnectionId, ConnectionState> states;
  std::map<std::pair<ConnectionId, std::string>, StoredCatalog> catalogs;  ///< by owner, '': all
  std::map<std::tuple<ConnectionId, std::string, std::string, std::string>, Pin>
      pins;  ///< by connection, owner, kind, name
  std::map<CredentialKey, MemoryCredential> credentials;
  std::vector<Registration> registrations;    ///< oldest first
  std::vector<Authorization> authorizations;  ///< oldest first
  std::vector<AgentToken> agent_tokens;       ///< oldest first
  std::vector<KeyRecord> keys;                ///< oldest first
  std::deque<Change> changes;
  std::int64_t last_change = 0;
  ChangeListeners listeners;

  /// The connection, if it exists in this organization.
  Connection* find_connection(const OrganizationId& organization, const ConnectionId& id);
};

/// One write: holds the lock, numbers the changes, and tells listeners after the lock is released.
class MemoryWrite final {
 public:
  explicit MemoryWrite(MemoryTables& tables) : tables_(tables), lock_(tables.mutex) {}
  ~MemoryWrite();
  MemoryWrite(const MemoryWrite&) = delete;
  MemoryWrite& operator=(const MemoryWrite&) = delete;
  void changed(std::string table, OrganizationId organization, std::string id);

 private:
  MemoryTables& tables_;
  std::unique_lock<std::mutex> lock_;
  std::vector<Change> changes_;
};

std::unique_ptr<ConnectionStore> make_memory_connections(MemoryTables& tables);
std::unique_ptr<CredentialStore> make_memory_credentials(MemoryTables& tables);
std::unique_ptr<RegistrationStore> make_memory_registrations(MemoryTables& tables);
std::unique_ptr<AuthorizationStore> make_memory_authorizations(MemoryTables& tables);
std::unique_ptr<AgentTokenStore> make_memory_agent_tokens(MemoryTables& tables);
std::unique_ptr<KeyStore> make_memory_keys(MemoryTables& tables);

}  // namespace gatehouse::vault
