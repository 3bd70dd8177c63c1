#include "base/limits.hpp"
#include "vault/record_details.hpp"
#include "vault/record_names.hpp"
#include "vault/sqlite_tables.hpp"

namespace gatehouse::vault {
namespace {

class SqliteRegistrations final : public RegistrationStore {
 public:
  explicit SqliteRegistrations(SqliteTables& tables) : tables_(tables) {}

  Task<Result<std::optional<Registration>>> find_current(OrganizationId organization,
                                                         std::string issuer,
                                                         RegistrationKind kind) override {
    using Found = std::optional<Registration>;
    co_return co_await tables_.read<Found>([&](Database& database) -> Result<Found> {
      return current(database, organization, issuer, kind);
    });
  }

  Task<Result<std::optional<Registration>>> find(OrganizationId organization,
                                                 RegistrationId id) override {
    using Found = std::optional<Registration>;
    co_return co_await tables_.read<Found>([&](Database& database) -> Result<Found> {
      Rows row = database.query(
          "SELECT id, organization, issuer, kind, client_id, secrets, auth_method, redirect_uris, "
          "secret_expires_at, registration_client_uri, created_at, revision, details, more_secrets "
          "FROM registrations WHERE organization = ? AND id = ?",
          organization.value, id.value);
      if (!row.next()) return Found();
      Result<Registration> read = read_row(row);
      if (!read) return std::unexpected(read.error());
      return Found(std::move(*read));
    });
  }

  Task<Result<Registration>> save(Registration registration,
                                  std::optional<RegistrationId> expected) override {
    co_return co_await tables_.write<Registration>([&](SqliteWrite& write) -> Result<Registration> {
      const auto old = current(write.database, registration.organization, registration.issuer,
                               registration.kind);
      const bool as_expected = expected ? old && old->id == *expected : !old;
      const bool replaces = old && old->id == registration.id;
      if (!as_expected || (replaces && old->revision != registration.revision))
        return fail(Errc::conflict, "the registration was changed meanwhile");
      if (registration.id.empty()) registration.id = RegistrationId::make();
      if (registration.created_at == SystemTime{})
        registration.created_at = tables_.clocks().wall.now();
      registration.revision = replaces ? registration.revision + 1 : 1;
      store(write.database, registration);
      write.changed("registrations", registration.organization, registration.id.value);
      return registration;
    });
  }

  Task<Result<Registration>> update(Registration registration) override {
    co_return co_await tables_.write<Registration>([&](SqliteWrite& write) -> Result<Registration> {
      Rows row = write.database.query(
          "SELECT revision FROM registrations WHERE organization = ? AND id = ?",
          registration.organization.value, registration.id.value);
      if (!row.next()) return fail(Errc::not_found, "the registration is gone");
      if (row.integer() != registration.revision)
        return fail(Errc::conflict, "the registration was changed meanwhile");
      ++registration.revision;
      store(write.database, registration);
      write.changed("registrations", registration.organization, registration.id.value);
      return registration;
    });
  }

  Task<Result<std::vector<Registration>>> list(OrganizationId organization) override {
    using Found = std::vector<Registration>;
    co_return co_await tables_.read<Found>([&](Database& database) -> Result<Found> {
      Rows row = database.query(
          "SELECT id, organization, issuer, kind, client_id, secrets, auth_method, redirect_uris, "
          "secret_expires_at, registration_client_uri, created_at, revision, details, more_secrets "
          "FROM registrations WHERE organization = ? ORDER BY number",
          organization.value);
      Found found;
      while (row.next()) {
        Result<Registration> read = read_row(row);
        if (read) found.push_back(std::move(*read));
      }
      return found;
    });
  }

  Task<Result<bool>> erase_unused(OrganizationId organization, RegistrationId id) override {
    co_return co_await tables_.write<bool>([&](SqliteWrite& write) -> Result<bool> {
      const int erased = write.database.run(
          "DELETE FROM registrations WHERE organization = ?1 AND id = ?2 "
          "AND NOT EXISTS (SELECT 1 FROM credentials "
          "WHERE organization = ?1 AND registration = ?2 AND tokens IS NOT NULL) "
          "AND NOT EXISTS (SELECT 1 FROM authorizations "
          "WHERE organization = ?1 AND registration = ?2 AND created_at > ?3)",
          organization.value, id.value, tables_.clocks().wall.now() - limits::kAuthorizationLife);
      if (erased > 0) write.changed("registrations", organization, id.value);
      return erased > 0;
    });
  }

  Task<Result<void>> erase(OrganizationId organization, RegistrationId id) override {
    co_return co_await tables_.write<void>([&](SqliteWrite& write) -> Result<void> {
      const int erased =
          write.database.run("DELETE FROM registrations WHERE organization = ? AND id = ?",
                             organization.value, id.value);
      if (erased > 0) write.changed("registrations", organization, id.value);
      return {};
    });
  }

 private:
  /// What cannot be read counts as absent, so that registering anew is the way out.
  std::optional<Registration> current(Database& database, const OrganizationId& organization,
                                      const std::string& issuer, RegistrationKind kind) const {
    Rows row = database.query(
        "SELECT id, organization, issuer, kind, client_id, secrets, auth_method, redirect_uris, "
        "secret_expires_at, registration_client_uri, created_at, revision, details, more_secrets "
        "FROM registrations WHERE organization = ? AND issuer = ? AND kind = ? ORDER BY number "
        "DESC",
        organization.value, issuer, name_in(kRegistrationKindNames, kind));
    while (row.next()) {
      Result<Registration> read = read_row(row);
      if (read) return std::move(*read);
      tables_.logger().warn("registration_unreadable",
                            {{"issuer", issuer}, {"reason", read.error().detail}});
    }
    return std::nullopt;
  }

  static Place place(const Registration& registration, std::string_view column = "secrets") {
    return {.organization = registration.organization.value,
            .table = "registrations",
            .column = column,
            .row = registration.id.value,
            .bound_to = {registration.issuer, registration.registration_client_uri}};
  }

  Result<Registration> read_row(Rows& row) const {
    Registration registration;
    registration.id.value = row.text();
    registration.organization.value = row.text();
    registration.issuer = row.text();
    const auto kind = value_in(kRegistrationKindNames, row.text());
    registration.client_id = row.text();
    const std::string sealed = row.text();
    registration.auth_method = row.text();
    auto redirect_uris = decode_texts(row.text());
    registration.secret_expires_at = row.maybe_time();
    registration.registration_client_uri = row.text();
    registration.created_at = row.time();
    registration.revision = row.integer();
    const auto details = decode_details(row.text());
    const std::optional<std::string> more_sealed = row.maybe_text();
    auto secrets = tables_.sealer().open_all(sealed, place(registration), 2);
    if (secrets && more_sealed) {
      auto more = open_details(*more_sealed, tables_.sealer(), place(registration, "more_secrets"));
      if (more) apply_details(std::move(*more), registration);
      if (!more) secrets = std::unexpected(more.error());
    }
    if (!secrets || !kind || !redirect_uris || !details)
      return fail(Errc::corrupt,
                  "the client registration at " + registration.issuer + " cannot be read: " +
                      (secrets ? "the stored record is damaged" : secrets.error().detail),
                  "sign in again: gatehouse login NAME; it registers anew");
    apply_details(*details, registration);
    registration.kind = *kind;
    registration.redirect_uris = std::move(*redirect_uris);
    registration.client_secret = std::move((*secrets)[0]);
    registration.registration_access_token = std::move((*secrets)[1]);
    return registration;
  }

  void store(Database& database, const Registration& registration) const {
    const std::string sealed = tables_.sealer().seal_all(
        {registration.client_secret.reveal(), registration.registration_access_token.reveal()},
        place(registration));
    const std::optional<std::string> more = seal_details(
        secret_details_of(registration), tables_.sealer(), place(registration, "more_secrets"));
    database.run(
        "INSERT INTO registrations (id, organization, issuer, kind, client_id, secrets, "
        "auth_method, redirect_uris, secret_expires_at, registration_client_uri, created_at, "
        "revision, details, more_secrets) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET client_id = excluded.client_id, "
        "secrets = excluded.secrets, auth_method = excluded.auth_method, "
        "redirect_uris = excluded.redirect_uris, secret_expires_at = excluded.secret_expires_at, "
        "registration_client_uri = excluded.registration_client_uri, "
        "created_at = excluded.created_at, "
        "details = excluded.details, more_secrets = excluded.more_secrets, "
        "revision = excluded.revision WHERE organization = excluded.organization "
        "AND issuer = excluded.issuer AND kind = excluded.kind",
        registration.id.value, registration.organization.value, registration.issuer,
        name_in(kRegistrationKindNames, registration.kind), registration.client_id, Blob{sealed},
        registration.auth_method, Blob{encode_texts(registration.redirect_uris)},
        registration.secret_expires_at, registration.registration_client_uri,
        registration.created_at, registration.revision,
        Blob{encode_details(details_of(registration))}, to_blob(more));
  }

  SqliteTables& tables_;
};

}  // namespace

std::unique_ptr<RegistrationStore> make_sqlite_registrations(SqliteTables& tables) {
  return std::make_unique<SqliteRegistrations>(tables);
}

}  // namespace gatehouse::vault
