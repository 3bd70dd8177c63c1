// SqliteStore: the Store in one SQLite file, shared by all processes of one machine (design §6).
// Secrets are encrypted before they get there; a row that cannot be decrypted costs that row only.
#pragma once

#include <filesystem>
#include <memory>

#include "async/workers.hpp"
#include "base/log.hpp"
#include "vault/boot_clock.hpp"
#include "vault/sealer.hpp"
#include "vault/store.hpp"

namespace gatehouse::vault {

class SqliteTables;

class SqliteStore final : public Store {
 public:
  /// Opens or creates the file (0600, in a 0700 directory) and brings its schema up to date; blocks
  /// meanwhile. `workers` and `logger` must outlive the store, which must outlive calls under way.
  /// Errors: policy (owner or mode; our key was replaced), unsupported (written by a newer
  /// Gatehouse), storage.
  static Result<std::unique_ptr<Store>> open(std::filesystem::path path, Sealer sealer,
                                             Workers& workers, Logger& logger,
                                             StoreClocks clocks = machine_clocks());
  ~SqliteStore() override;
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;

  ConnectionStore& connections() override { return *connections_; }
  CredentialStore& credentials() override { return *credentials_; }
  RegistrationStore& registrations() override { return *registrations_; }
  AuthorizationStore& authorizations() override { return *authorizations_; }
  AgentTokenStore& agent_tokens() override { return *agent_tokens_; }
  ChangeFeed& changes() override { return *changes_; }
  KeyStore& keys() override { return *keys_; }

 private:
  explicit SqliteStore(std::unique_ptr<SqliteTables> tables);

  std::unique_ptr<SqliteTables> tables_;
  std::unique_ptr<ConnectionStore> connections_;
  std::unique_ptr<CredentialStore> credentials_;
  std::unique_ptr<RegistrationStore> registrations_;
  std::unique_ptr<AuthorizationStore> authorizations_;
  std::unique_ptr<AgentTokenStore> agent_tokens_;
  std::unique_ptr<ChangeFeed> changes_;
  std::unique_ptr<KeyStore> keys_;
};

}  // namespace gatehouse::vault
