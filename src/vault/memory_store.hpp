// MemoryStore: the Store without a disk, for tests and for what needs no memory of yesterday. Keeps
// the same contract as SqliteStore (store_contract). Calls never suspend; safe from several shards.
#pragma once

#include <memory>

#include "vault/boot_clock.hpp"
#include "vault/store.hpp"

namespace gatehouse::vault {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(StoreClocks clocks = machine_clocks());
  ~MemoryStore() override;
  MemoryStore(const MemoryStore&) = delete;
  MemoryStore& operator=(const MemoryStore&) = delete;

  ConnectionStore& connections() override;
  CredentialStore& credentials() override;
  RegistrationStore& registrations() override;
  AuthorizationStore& authorizations() override;
  AgentTokenStore& agent_tokens() override;
  ChangeFeed& changes() override;
  KeyStore& keys() override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace gatehouse::vault
