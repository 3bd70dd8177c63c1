#include "vault/memory_store.hpp"

#include <fmt/format.h>

#include "vault/memory_tables.hpp"

namespace gatehouse::vault {

Connection* MemoryTables::find_connection(const OrganizationId& organization,
                                          const ConnectionId& id) {
  const auto found = connections.find(id);
  if (found == connections.end() || found->second.organization != organization) return nullptr;
  return &found->second;
}

void MemoryWrite::changed(std::string table, OrganizationId organization, std::string id) {
  changes_.push_back(
      {++tables_.last_change, std::move(table), std::move(organization), std::move(id)});
  tables_.changes.push_back(changes_.back());
  while (tables_.changes.size() > kChangesKept) tables_.changes.pop_front();
}

MemoryWrite::~MemoryWrite() {
  lock_.unlock();
  tables_.listeners.publish(changes_);
}

namespace {

class MemoryChanges final : public ChangeFeed {
 public:
  explicit MemoryChanges(MemoryTables& tables) : tables_(tables) {}

  Task<Result<std::int64_t>> last_number() override {
    const std::lock_guard lock(tables_.mutex);
    co_return tables_.last_change;
  }

  Task<Result<std::vector<Change>>> changes_after(std::int64_t number) override {
    const std::lock_guard lock(tables_.mutex);
    const std::int64_t oldest =
        tables_.changes.empty() ? tables_.last_change + 1 : tables_.changes.front().number;
    if (number + 1 < oldest || number > tables_.last_change)
      co_return fail(Errc::not_found, fmt::format("changes after {} are not kept", number));
    std::vector<Change> found;
    for (auto at = tables_.changes.begin() + (number + 1 - oldest);
         at != tables_.changes.end() && found.size() < kChangesAtOnce; ++at)
      found.push_back(*at);
    co_return found;
  }

  std::shared_ptr<void> listen(std::function<void(const Change&)> on_change) override {
    return tables_.listeners.add(std::move(on_change));
  }

 private:
  MemoryTables& tables_;
};

}  // namespace

struct MemoryStore::Parts {
  explicit Parts(StoreClocks clocks) : tables(clocks) {}
  MemoryTables tables;
  std::unique_ptr<ConnectionStore> connections = make_memory_connections(tables);
  std::unique_ptr<CredentialStore> credentials = make_memory_credentials(tables);
  std::unique_ptr<RegistrationStore> registrations = make_memory_registrations(tables);
  std::unique_ptr<AuthorizationStore> authorizations = make_memory_authorizations(tables);
  std::unique_ptr<AgentTokenStore> agent_tokens = make_memory_agent_tokens(tables);
  std::unique_ptr<KeyStore> keys = make_memory_keys(tables);
  MemoryChanges changes{tables};
};

MemoryStore::MemoryStore(StoreClocks clocks) : parts_(std::make_unique<Parts>(clocks)) {}

MemoryStore::~MemoryStore() = default;

ConnectionStore& MemoryStore::connections() {
  return *parts_->connections;
}
CredentialStore& MemoryStore::credentials() {
  return *parts_->credentials;
}
RegistrationStore& MemoryStore::registrations() {
  return *parts_->registrations;
}
AuthorizationStore& MemoryStore::authorizations() {
  return *parts_->authorizations;
}
AgentTokenStore& MemoryStore::agent_tokens() {
  return *parts_->agent_tokens;
}
ChangeFeed& MemoryStore::changes() {
  return parts_->changes;
}
KeyStore& MemoryStore::keys() {
  return *parts_->keys;
}

}  // namespace gatehouse::vault
