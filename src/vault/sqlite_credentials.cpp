#include <fmt/format.h>

#include "vault/fields.hpp"
#include "vault/process_mark.hpp"
#include "vault/record_details.hpp"
#include "vault/sqlite_tables.hpp"

namespace gatehouse::vault {
namespace {

std::string row_of(const CredentialKey& key) {
  return encode_fields(
      {key.connection.value, key.owner ? "member" : "shared", owner_text(key), key.account});
}

/// A lease's holder as stored: in which process, and who.
std::string marked(const std::string& holder) {
  return this_process_mark() + "|" + holder;
}

bool process_is_gone(std::string_view marked_holder) {
  return is_gone(marked_holder.substr(0, marked_holder.find('|')));
}

/// A row as stored: everything but the tokens, which stay sealed.
struct StoredCredential {
  Credential record;
  std::optional<std::string> sealed;  ///< nothing: signed out
  std::optional<std::string> more_sealed;
  std::optional<std::string> lease_holder;
  std::string lease_boot;
  std::int64_t lease_until = 0;
};

class SqliteCredentials final : public CredentialStore {
 public:
  explicit SqliteCredentials(SqliteTables& tables) : tables_(tables) {}

  Task<Result<std::optional<Credential>>> find(CredentialKey key) override {
    using Found = std::optional<Credential>;
    co_return co_await tables_.read<Found>([&](Database& database) -> Result<Found> {
      auto row = load(database, key);
      if (!row) return Found();
      if (auto opened = open_tokens(database, *row); !opened)
        return std::unexpected(opened.error());
      return Found(std::move(row->record));
    });
  }

  Task<Result<std::int64_t>> find_epoch(CredentialKey key) override {
    co_return co_await tables_.read<std::int64_t>([&](Database& database) -> Result<std::int64_t> {
      const auto row = load(database, key);
      return row ? row->record.epoch : 0;
    });
  }

  Task<Result<std::vector<CredentialKey>>> list(OrganizationId organization,
                                                std::optional<ConnectionId> connection) override {
    using Found = std::vector<CredentialKey>;
    co_return co_await tables_.read<Found>([&](Database& database) -> Result<Found> {
      Found keys;
      Rows row = database.query(
          "SELECT connection, owner, account FROM credentials "
          "WHERE organization = ?1 AND (?2 IS NULL OR connection = ?2) AND tokens IS NOT NULL "
          "ORDER BY connection, owner, account",
          organization.value,
          connection ? std::optional<std::string>(connection->value) : std::nullopt);
      while (row.next()) {
        CredentialKey key{.organization = organization};
        key.connection.value = row.text();
        key.owner = owner_of(row.text());
        key.account = row.text();
        keys.push_back(std::move(key));
      }
      return keys;
    });
  }

  Task<Result<Credential>> save_login(Credential credential, std::int64_t expected_epoch) override {
    co_return co_await tables_.write<Credential>([&](SqliteWrite& write) -> Result<Credential> {
      const CredentialKey& key = credential.key;
      if (!has_connection(write.database, key.organization, key.connection))
        return no_such_connection();
      const auto old = load(write.database, key);
      if ((old ? old->record.epoch : 0) != expected_epoch) return moved_on();
      credential.epoch = expected_epoch + 1;
      credential.version = (old ? old->record.version : 0) + 1;
      credential.sign_in_required = false;
      credential.sign_in_reason.clear();
      credential.attempts = 0;
      credential.last_attempt_at.reset();
      store_login(write.database, credential);
      changed(write, key);
      return credential;
    });
  }

  Task<Result<std::optional<Lease>>> acquire_lease(CredentialKey key, std::string holder,
                                                   std::chrono::milliseconds life) override {
    using Found = std::optional<Lease>;
    co_return co_await tables_.write<Found>([&](SqliteWrite& write) -> Result<Found> {
      auto row = load(write.database, key);
      if (!row) return fail(Errc::not_found, "there is no login to refresh");
      const std::string boot = tables_.clocks().boot.boot_id();
      const std::int64_t now = tables_.clocks().boot.since_boot().count();
      const std::string mark = marked(holder);
      // A process that was killed frees its lease: its refresh token is tried again while the
      // provider may still accept it, and nobody waits for the time to run out.
      const bool taken = row->lease_holder && *row->lease_holder != mark &&
                         row->lease_boot == boot && row->lease_until > now &&
                         !process_is_gone(*row->lease_holder);
      if (taken) return Found();
      if (auto opened = open_tokens(write.database, *row); !opened)
        return std::unexpected(opened.error());
      write.database.run(
          "UPDATE credentials SET lease_holder = ?, lease_boot = ?, lease_until = ? "
          "WHERE organization = ? AND connection = ? AND owner = ? AND account = ?",
          mark, boot, now + std::int64_t{life.count()}, key.organization.value,
          key.connection.value, owner_text(key), key.account);
      return Found(Lease{holder, std::move(row->record)});
    });
  }

  Task<Result<void>> release_lease(CredentialKey key, std::string holder) override {
    co_return co_await tables_.write<void>([&](SqliteWrite& write) -> Result<void> {
      write.database.run(
          "UPDATE credentials SET lease_holder = NULL, lease_boot = NULL, lease_until = NULL "
          "WHERE organization = ? AND connection = ? AND owner = ? AND account = ? "
          "AND lease_holder = ?",
          key.organization.value, key.connection.value, owner_text(key), key.account,
          marked(holder));
      return {};
    });
  }

  Task<Result<void>> mark_attempt(CredentialKey key, std::int64_t version, std::int64_t epoch,
                                  SystemTime now) override {
    co_return co_await tables_.write<void>([&](SqliteWrite& write) -> Result<void> {
      const int updated = write.database.run(
          "UPDATE credentials SET attempts = attempts + 1, last_attempt_at = ? "
          "WHERE organization = ? AND connection = ? AND owner = ? AND account = ? "
          "AND version = ? AND epoch = ?",
          now, key.organization.value, key.connection.value, owner_text(key), key.account, version,
          epoch);
      if (updated == 0) return moved_on();
      return {};
    });
  }

  Task<Result<void>> settle_attempt(CredentialKey key, std::int64_t version,
                                    std::int64_t epoch) override {
    co_return co_await tables_.write<void>([&](SqliteWrite& write) -> Result<void> {
      write.database.run(
          "UPDATE credentials SET attempts = max(attempts - 1, 0) "
          "WHERE organization = ? AND connection = ? AND owner = ? AND account = ? "
          "AND version = ? AND epoch = ?",
          key.organization.value, key.connection.value, owner_text(key), key.account, version,
          epoch);
      return {};
    });
  }

  Task<Result<Credential>> save_refreshed(CredentialKey key, std::int64_t version,
                                          std::int64_t epoch, TokenSet tokens) override {
    co_return co_await tables_.write<Credential>([&](SqliteWrite& write) -> Result<Credential> {
      auto row = load(write.database, key);
      if (!row || row->record.version != version || row->record.epoch != epoch) return moved_on();
      if (tokens.refresh_token.empty()) {
        if (auto opened = open_tokens(write.database, *row); !opened)
          return std::unexpected(opened.error());
        tokens.refresh_token = row->record.tokens.refresh_token;
      }
      if (auto opened = open_more(*row); !opened) return std::unexpected(opened.error());
      if (tokens.id_token.empty()) tokens.id_token = row->record.tokens.id_token;
      Credential& record = row->record;
      record.tokens = std::move(tokens);
      ++record.version;
      record.attempts = 0;
      record.sign_in_required = false;
      record.sign_in_reason.clear();
      store_pair(write.database, record);
      changed(write, key);
      return std::move(record);
    });
  }

  Task<Result<void>> require_sign_in(CredentialKey key, std::int64_t version, std::int64_t epoch,
                                     std::string reason) override {
    co_return co_await tables_.write<void>([&](SqliteWrite& write) -> Result<void> {
      const int updated = write.database.run(
          "UPDATE credentials SET sign_in_required = 1, sign_in_reason = ? "
          "WHERE organization = ? AND connection = ? AND owner = ? AND account = ? "
          "AND version = ? AND epoch = ?",
          reason, key.organization.value, key.connection.value, owner_text(key), key.account,
          version, epoch);
      if (updated == 0) return moved_on();
      changed(write, key);
      return {};
    });
  }

  Task<Result<std::optional<Credential>>> end_login(CredentialKey key) override {
    using Held = std::optional<Credential>;
    co_return co_await tables_.write<Held>([&](SqliteWrite& write) -> Result<Held> {
      auto row = load(write.database, key);
      if (!row) return Held();
      // What cannot be decrypted cannot be revoked either; it is forgotten all the same.
      (void)open_tokens(write.database, *row);
      write.database.run(
          "UPDATE credentials SET tokens = NULL, more_secrets = NULL, expires_at = NULL, "
          "obtained_at = 0, scope = '', "
          "subject = '', epoch = epoch + 1, sign_in_required = 1, sign_in_reason = 'signed out', "
          "attempts = 0, last_attempt_at = NULL "
          "WHERE organization = ? AND connection = ? AND owner = ? AND account = ?",
          key.organization.value, key.connection.value, owner_text(key), key.account);
      changed(write, key);
      return row->sealed ? Held(std::move(row->record)) : Held();
    });
  }

 private:
  static std::unexpected<Error> moved_on() {
    return fail(Errc::conflict, "the login was changed meanwhile");
  }

  static void changed(SqliteWrite& write, const CredentialKey& key) {
    write.changed("credentials", key.organization, key.connection.value);
  }

  static std::optional<StoredCredential> load(Database& database, const CredentialKey& key) {
    Rows row = database.query(
        "SELECT issuer, resource, registration, token_endpoint, revocation_endpoint, server_url, "
        "tokens, expires_at, obtained_at, scope, requested_scope, subject, version, epoch, "
        "sign_in_required, sign_in_reason, attempts, last_attempt_at, lease_holder, lease_boot, "
        "lease_until, details, more_secrets FROM credentials "
        "WHERE organization = ? AND connection = ? AND owner = ? AND account = ?",
        key.organization.value, key.connection.value, owner_text(key), key.account);
    if (!row.next()) return std::nullopt;
    StoredCredential stored;
    Credential& record = stored.record;
    record.key = key;
    record.binding.issuer = row.text();
    record.binding.resource = row.text();
    record.binding.registration.value = row.text();
    record.binding.token_endpoint = row.text();
    record.binding.revocation_endpoint = row.text();
    record.binding.server_url = row.text();
    stored.sealed = row.maybe_text();
    record.tokens.expires_at = row.maybe_time();
    record.tokens.obtained_at = row.time();
    record.tokens.scope = row.text();
    record.requested_scope = row.text();
    record.subject = row.text();
    record.version = row.integer();
    record.epoch = row.integer();
    record.sign_in_required = row.flag();
    record.sign_in_reason = row.text();
    record.attempts = static_cast<int>(row.integer());
    record.last_attempt_at = row.maybe_time();
    stored.lease_holder = row.maybe_text();
    stored.lease_boot = row.text();
    stored.lease_until = row.integer();
    // A damaged list of details costs what it says, not the login.
    if (const auto details = decode_details(row.text())) apply_details(*details, record);
    stored.more_sealed = row.maybe_text();
    return stored;
  }

  /// corrupt, with the way out.
  Result<void> open_tokens(Database& database, StoredCredential& row) const {
    if (!row.sealed) return {};
    const CredentialKey& key = row.record.key;
    const std::string id = row_of(key);
    auto secrets = tables_.sealer().open_all(*row.sealed, place(row.record, id), 2);
    const auto more = secrets ? open_more(row) : Result<void>();
    if (!secrets || !more) {
      const std::string& reason = secrets ? more.error().detail : secrets.error().detail;
      std::string name;
      Rows named =
          database.query("SELECT name FROM connections WHERE id = ?", key.connection.value);
      if (named.next()) name = named.text();
      return fail(Errc::corrupt, fmt::format("the login of {} cannot be read: {}", name, reason),
                  fmt::format("sign in again: gatehouse login {}", name));
    }
    row.record.tokens.access_token = std::move((*secrets)[0]);
    row.record.tokens.refresh_token = std::move((*secrets)[1]);
    return {};
  }

  Result<void> open_more(StoredCredential& row) const {
    if (!row.more_sealed) return {};
    const std::string id = row_of(row.record.key);
    auto secrets =
        open_details(*row.more_sealed, tables_.sealer(), place(row.record, id, "more_secrets"));
    if (!secrets) return std::unexpected(secrets.error());
    apply_details(std::move(*secrets), row.record);
    return {};
  }

  static Place place(const Credential& record, const std::string& row,
                     std::string_view column = "tokens") {
    return {.organization = record.key.organization.value,
            .table = "credentials",
            .column = column,
            .row = row,
            .bound_to = {record.binding.issuer, record.binding.resource,
                         record.binding.token_endpoint, record.binding.server_url}};
  }

  std::string seal_tokens(const Credential& record) const {
    return tables_.sealer().seal_all(
        {record.tokens.access_token.reveal(), record.tokens.refresh_token.reveal()},
        place(record, row_of(record.key)));
  }

  std::optional<std::string> seal_more(const Credential& record) const {
    const std::string id = row_of(record.key);
    return seal_details(secret_details_of(record), tables_.sealer(),
                        place(record, id, "more_secrets"));
  }

  void store_login(Database& database, const Credential& record) const {
    const CredentialKey& key = record.key;
    const std::optional<std::string> more = seal_more(record);
    // A row that waits for its first token holds no login.
    std::optional<std::string> tokens;
    if (!record.tokens.access_token.empty()) tokens = seal_tokens(record);
    database.run(
        "INSERT INTO credentials (organization, connection, owner, account, issuer, resource, "
        "registration, token_endpoint, revocation_endpoint, server_url, tokens, expires_at, "
        "obtained_at, scope, requested_scope, subject, version, epoch, details, more_secrets) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (connection, owner, account) DO UPDATE SET issuer = excluded.issuer, "
        "resource = excluded.resource, registration = excluded.registration, "
        "token_endpoint = excluded.token_endpoint, "
        "revocation_endpoint = excluded.revocation_endpoint, server_url = excluded.server_url, "
        "tokens = excluded.tokens, expires_at = excluded.expires_at, "
        "obtained_at = excluded.obtained_at, scope = excluded.scope, "
        "requested_scope = excluded.requested_scope, subject = excluded.subject, "
        "version = excluded.version, epoch = excluded.epoch, details = excluded.details, "
        "more_secrets = excluded.more_secrets, sign_in_required = 0, "
        "sign_in_reason = '', attempts = 0, last_attempt_at = NULL",
        key.organization.value, key.connection.value, owner_text(key), key.account,
        record.binding.issuer, record.binding.resource, record.binding.registration.value,
        record.binding.token_endpoint, record.binding.revocation_endpoint,
        record.binding.server_url, to_blob(tokens), record.tokens.expires_at,
        record.tokens.obtained_at, record.tokens.scope, record.requested_scope, record.subject,
        record.version, record.epoch, Blob{encode_details(details_of(record))}, to_blob(more));
  }

  void store_pair(Database& database, const Credential& record) const {
    const CredentialKey& key = record.key;
    const std::optional<std::string> more = seal_more(record);
    database.run(
        "UPDATE credentials SET tokens = ?, details = ?, more_secrets = ?, expires_at = ?, "
        "obtained_at = ?, scope = ?, "
        "version = ?, sign_in_required = 0, sign_in_reason = '', attempts = 0 "
        "WHERE organization = ? AND connection = ? AND owner = ? AND account = ?",
        Blob{seal_tokens(record)}, Blob{encode_details(details_of(record))}, to_blob(more),
        record.tokens.expires_at, record.tokens.obtained_at, record.tokens.scope, record.version,
        key.organization.value, key.connection.value, owner_text(key), key.account);
  }

  SqliteTables& tables_;
};

}  // namespace

std::unique_ptr<CredentialStore> make_sqlite_credentials(SqliteTables& tables) {
  return std::make_unique<SqliteCredentials>(tables);
}

}  // namespace gatehouse::vault
