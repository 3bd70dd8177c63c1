#include "vault/memory_tables.hpp"

namespace gatehouse::vault {
namespace {

class MemoryCredentials final : public CredentialStore {
 public:
  explicit MemoryCredentials(MemoryTables& tables) : tables_(tables) {}

  Task<Result<std::optional<Credential>>> find(CredentialKey key) override {
    const std::lock_guard lock(tables_.mutex);
    const MemoryCredential* row = find_row(key);
    co_return row == nullptr ? std::optional<Credential>() : std::optional<Credential>(row->record);
  }

  Task<Result<std::int64_t>> find_epoch(CredentialKey key) override {
    const std::lock_guard lock(tables_.mutex);
    const MemoryCredential* row = find_row(key);
    co_return row == nullptr ? 0 : row->record.epoch;
  }

  Task<Result<std::vector<CredentialKey>>> list(OrganizationId organization,
                                                std::optional<ConnectionId> connection) override {
    const std::lock_guard lock(tables_.mutex);
    std::vector<CredentialKey> keys;
    for (const auto& [key, row] : tables_.credentials) {
      const bool wanted = key.organization == organization &&
                          (!connection || key.connection == *connection) && row.held();
      if (wanted) keys.push_back(key);
    }
    co_return keys;
  }

  Task<Result<Credential>> save_login(Credential credential, std::int64_t expected_epoch) override {
    MemoryWrite write(tables_);
    if (tables_.find_connection(credential.key.organization, credential.key.connection) == nullptr)
      co_return fail(Errc::not_found, "the connection does not exist", "see gatehouse list");
    const MemoryCredential* old = find_row(credential.key);
    const std::int64_t epoch = old == nullptr ? 0 : old->record.epoch;
    if (epoch != expected_epoch) co_return moved_on();
    credential.epoch = epoch + 1;
    credential.version = (old == nullptr ? 0 : old->record.version) + 1;
    credential.sign_in_required = false;
    credential.sign_in_reason.clear();
    credential.attempts = 0;
    credential.last_attempt_at.reset();
    tables_.credentials[credential.key].record = credential;
    changed(write, credential.key);
    co_return credential;
  }

  Task<Result<std::optional<Lease>>> acquire_lease(CredentialKey key, std::string holder,
                                                   std::chrono::milliseconds life) override {
    MemoryWrite write(tables_);
    MemoryCredential* row = find_row(key);
    if (row == nullptr) co_return fail(Errc::not_found, "there is no login to refresh");
    const BootClock& boot = tables_.clocks.boot;
    const bool taken = row->lease && row->lease->holder != holder &&
                       row->lease->boot_id == boot.boot_id() &&
                       row->lease->until > boot.since_boot();
    if (taken) co_return std::optional<Lease>();
    row->lease = MemoryLease{holder, boot.boot_id(), boot.since_boot() + life};
    co_return std::optional<Lease>(Lease{std::move(holder), row->record});
  }

  Task<Result<void>> release_lease(CredentialKey key, std::string holder) override {
    MemoryWrite write(tables_);
    MemoryCredential* row = find_row(key);
    if (row != nullptr && row->lease && row->lease->holder == holder) row->lease.reset();
    co_return Result<void>{};
  }

  Task<Result<void>> mark_attempt(CredentialKey key, std::int64_t version, std::int64_t epoch,
                                  SystemTime now) override {
    MemoryWrite write(tables_);
    MemoryCredential* row = find_row(key, version, epoch);
    if (row == nullptr) co_return moved_on();
    ++row->record.attempts;
    row->record.last_attempt_at = now;
    co_return Result<void>{};
  }

  Task<Result<void>> settle_attempt(CredentialKey key, std::int64_t version,
                                    std::int64_t epoch) override {
    MemoryWrite write(tables_);
    MemoryCredential* row = find_row(key, version, epoch);
    if (row != nullptr && row->record.attempts > 0) --row->record.attempts;
    co_return Result<void>{};
  }

  Task<Result<Credential>> save_refreshed(CredentialKey key, std::int64_t version,
                                          std::int64_t epoch, TokenSet tokens) override {
    MemoryWrite write(tables_);
    MemoryCredential* row = find_row(key, version, epoch);
    if (row == nullptr) co_return moved_on();
    if (tokens.refresh_token.empty()) tokens.refresh_token = row->record.tokens.refresh_token;
    if (tokens.id_token.empty()) tokens.id_token = row->record.tokens.id_token;
    row->record.tokens = std::move(tokens);
    ++row->record.version;
    row->record.attempts = 0;
    row->record.sign_in_required = false;
    row->record.sign_in_reason.clear();
    changed(write, key);
    co_return row->record;
  }

  Task<Result<void>> require_sign_in(CredentialKey key, std::int64_t version, std::int64_t epoch,
                                     std::string reason) override {
    MemoryWrite write(tables_);
    MemoryCredential* row = find_row(key, version, epoch);
    if (row == nullptr) co_return moved_on();
    row->record.sign_in_required = true;
    row->record.sign_in_reason = std::move(reason);
    changed(write, key);
    co_return Result<void>{};
  }

  Task<Result<std::optional<Credential>>> end_login(CredentialKey key) override {
    MemoryWrite write(tables_);
    MemoryCredential* row = find_row(key);
    if (row == nullptr) co_return std::optional<Credential>();
    std::optional<Credential> held;
    if (row->held()) held = row->record;
    row->record.tokens = TokenSet{};
    row->record.dpop_key = Secret();
    ++row->record.epoch;
    row->record.sign_in_required = true;
    row->record.sign_in_reason = "signed out";
    row->record.subject.clear();
    row->record.attempts = 0;
    row->record.last_attempt_at.reset();
    changed(write, key);
    co_return held;
  }

 private:
  static std::unexpected<Error> moved_on() {
    return fail(Errc::conflict, "the login was changed meanwhile");
  }

  static void changed(MemoryWrite& write, const CredentialKey& key) {
    write.changed("credentials", key.organization, key.connection.value);
  }

  MemoryCredential* find_row(const CredentialKey& key) {
    const auto found = tables_.credentials.find(key);
    return found == tables_.credentials.end() ? nullptr : &found->second;
  }

  MemoryCredential* find_row(const CredentialKey& key, std::int64_t version, std::int64_t epoch) {
    MemoryCredential* row = find_row(key);
    const bool same =
        row != nullptr && row->record.version == version && row->record.epoch == epoch;
    return same ? row : nullptr;
  }

  MemoryTables& tables_;
};

}  // namespace

std::unique_ptr<CredentialStore> make_memory_credentials(MemoryTables& tables) {
  return std::make_unique<MemoryCredentials>(tables);
}

}  // namespace gatehouse::vault
