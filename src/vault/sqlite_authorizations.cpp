#include "base/limits.hpp"
#include "vault/record_details.hpp"
#include "vault/sqlite_tables.hpp"

namespace gatehouse::vault {
namespace {

class SqliteAuthorizations final : public AuthorizationStore {
 public:
  explicit SqliteAuthorizations(SqliteTables& tables) : tables_(tables) {}

  Task<Result<void>> save(Authorization authorization) override {
    if (authorization.id.empty()) authorization.id = AuthorizationId::make();
    if (authorization.created_at == SystemTime{})
      authorization.created_at = tables_.clocks().wall.now();
    co_return co_await tables_.write<void>([&](SqliteWrite& write) -> Result<void> {
      const CredentialKey& key = authorization.key;
      if (!has_connection(write.database, key.organization, key.connection))
        return no_such_connection();
      write.database.run("DELETE FROM authorizations WHERE created_at <= ?", oldest_alive());
      write.database.run(
          "DELETE FROM authorizations "
          "WHERE organization = ? AND connection = ? AND owner = ? AND account = ?",
          key.organization.value, key.connection.value, owner_text(key), key.account);
      insert(write.database, authorization);
      write.database.run(
          "DELETE FROM authorizations WHERE number IN (SELECT number FROM authorizations "
          "WHERE connection = ? AND owner = ? ORDER BY number DESC LIMIT -1 OFFSET ?)",
          key.connection.value, owner_text(key), static_cast<std::int64_t>(limits::kPendingLogins));
      return {};
    });
  }

  Task<Result<std::optional<Authorization>>> find(OrganizationId organization,
                                                  std::string state_hash) override {
    using Found = std::optional<Authorization>;
    co_return co_await tables_.read<Found>([&](Database& database) -> Result<Found> {
      return load(database, organization, state_hash);
    });
  }

  Task<Result<std::optional<Authorization>>> take(OrganizationId organization,
                                                  std::string state_hash) override {
    using Found = std::optional<Authorization>;
    co_return co_await tables_.write<Found>([&](SqliteWrite& write) -> Result<Found> {
      Result<Found> found = load(write.database, organization, state_hash);
      if (found && *found)
        write.database.run("DELETE FROM authorizations WHERE organization = ? AND id = ?",
                           organization.value, (*found)->id.value);
      return found;
    });
  }

  Task<Result<void>> erase(OrganizationId organization, AuthorizationId id) override {
    co_return co_await tables_.write<void>([&](SqliteWrite& write) -> Result<void> {
      write.database.run("DELETE FROM authorizations WHERE organization = ? AND id = ?",
                         organization.value, id.value);
      return {};
    });
  }

 private:
  SystemTime oldest_alive() const {
    return tables_.clocks().wall.now() - limits::kAuthorizationLife;
  }

  static Place place(const Authorization& authorization) {
    return {.organization = authorization.key.organization.value,
            .table = "authorizations",
            .column = "verifier",
            .row = authorization.id.value,
            .bound_to = {authorization.binding.issuer, authorization.binding.resource,
                         authorization.binding.token_endpoint, authorization.state_hash}};
  }

  Result<std::optional<Authorization>> load(Database& database, const OrganizationId& organization,
                                            const std::string& state_hash) const {
    Rows row = database.query(
        "SELECT id, connection, owner, account, state_hash, verifier, issuer, resource, "
        "registration, token_endpoint, revocation_endpoint, server_url, redirect_uri, "
        "requested_scope, iss_advertised, epoch, browser_hash, created_at, details "
        "FROM authorizations "
        "WHERE organization = ? AND state_hash = ? AND created_at > ?",
        organization.value, state_hash, oldest_alive());
    if (!row.next()) return std::optional<Authorization>();
    Authorization found;
    found.key.organization = organization;
    found.id.value = row.text();
    found.key.connection.value = row.text();
    found.key.owner = owner_of(row.text());
    found.key.account = row.text();
    found.state_hash = row.text();
    const std::string sealed = row.text();
    found.binding.issuer = row.text();
    found.binding.resource = row.text();
    found.binding.registration.value = row.text();
    found.binding.token_endpoint = row.text();
    found.binding.revocation_endpoint = row.text();
    found.binding.server_url = row.text();
    found.redirect_uri = row.text();
    found.requested_scope = row.text();
    found.iss_advertised = row.flag();
    found.epoch = row.integer();
    found.browser_hash = row.text();
    found.created_at = row.time();
    if (const auto details = decode_details(row.text())) apply_details(*details, found);
    Result<Secret> verifier = tables_.sealer().open(sealed, place(found));
    if (!verifier)
      return fail(Errc::corrupt, "the pending login cannot be read: " + verifier.error().detail,
                  "start it again: gatehouse login NAME");
    found.verifier = std::move(*verifier);
    return std::optional<Authorization>(std::move(found));
  }

  void insert(Database& database, const Authorization& one) const {
    database.run(
        "INSERT INTO authorizations (id, organization, connection, owner, account, state_hash, "
        "verifier, issuer, resource, registration, token_endpoint, revocation_endpoint, "
        "server_url, redirect_uri, requested_scope, iss_advertised, epoch, browser_hash, "
        "created_at, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        one.id.value, one.key.organization.value, one.key.connection.value, owner_text(one.key),
        one.key.account, one.state_hash,
        Blob{tables_.sealer().seal(one.verifier.reveal(), place(one))}, one.binding.issuer,
        one.binding.resource, one.binding.registration.value, one.binding.token_endpoint,
        one.binding.revocation_endpoint, one.binding.server_url, one.redirect_uri,
        one.requested_scope, one.iss_advertised, one.epoch, one.browser_hash, one.created_at,
        Blob{encode_details(details_of(one))});
  }

  SqliteTables& tables_;
};

}  // namespace

std::unique_ptr<AuthorizationStore> make_sqlite_authorizations(SqliteTables& tables) {
  return std::make_unique<SqliteAuthorizations>(tables);
}

}  // namespace gatehouse::vault
