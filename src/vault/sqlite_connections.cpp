#include <fmt/format.h>

#include "vault/record_details.hpp"
#include "vault/record_names.hpp"
#include "vault/sqlite_catalogs.hpp"
#include "vault/sqlite_connection_rows.hpp"
#include "vault/sqlite_tables.hpp"

namespace gatehouse::vault {
namespace {

/// The columns from health on.
ConnectionState read_state(Rows& row) {
  ConnectionState state;
  state.health = value_in(kHealthNames, row.text()).value_or(Health::configured);
  state.detail = row.text();
  state.hint = row.text();
  state.checked_at = row.maybe_time();
  state.ready_at = row.maybe_time();
  state.era = row.text();
  state.protocol_version = row.text();
  state.era_at = row.maybe_time();
  state.server_info = row.text();
  return state;
}

class SqliteConnections final : public ConnectionStore {
 public:
  explicit SqliteConnections(SqliteTables& tables) : tables_(tables) {}

  Task<Result<Connection>> create(Connection connection) override {
    if (connection.id.empty()) connection.id = ConnectionId::make();
    if (connection.created_at == SystemTime{}) connection.created_at = tables_.clocks().wall.now();
    connection.revision = 1;
    co_return co_await tables_.write<Connection>([&](SqliteWrite& write) -> Result<Connection> {
      if (name_taken(write.database, connection)) return taken(connection);
      write.database.run(
          "INSERT INTO connections (id, organization, name, created_at, revision, transport, url, "
          "command, directory, auth, mode, header_names, environment_names, client_id, issuer, "
          "scopes, redirect_port, redirect_path, allowances) VALUES (?, ?, ?, ?, 0, '', '', x'', "
          "'', '', '', x'', x'', '', '', x'', 0, '', x'')",
          connection.id.value, connection.organization.value, connection.name,
          connection.created_at);
      set_settings(write.database, connection);
      set_secrets(write.database, connection);
      write.changed("connections", connection.organization, connection.id.value);
      return connection;
    });
  }

  Task<Result<Connection>> update(Connection connection) override {
    co_return co_await tables_.write<Connection>([&](SqliteWrite& write) -> Result<Connection> {
      const auto revision = stored_revision(write.database, connection);
      if (!revision) return no_such_connection();
      if (*revision != connection.revision)
        return fail(Errc::conflict,
                    fmt::format("connection {} was changed meanwhile", connection.name));
      if (name_taken(write.database, connection)) return taken(connection);
      ++connection.revision;
      set_settings(write.database, connection);
      if (connection.secrets_problem.empty()) set_secrets(write.database, connection);
      write.changed("connections", connection.organization, connection.id.value);
      return connection;
    });
  }

  Task<Result<std::optional<Connection>>> find(OrganizationId organization,
                                               std::string name) override {
    using Found = std::optional<Connection>;
    co_return co_await tables_.read<Found>([&](Database& database) -> Result<Found> {
      static const std::string sql = fmt::format(
          "SELECT {} FROM connections WHERE organization = ? AND name = ?", kConnectionColumns);
      Rows row = database.query(sql, organization.value, name);
      if (!row.next()) return Found();
      return Found(read(row));
    });
  }

  Task<Result<std::vector<Connection>>> list(OrganizationId organization) override {
    using Found = std::vector<Connection>;
    co_return co_await tables_.read<Found>([&](Database& database) -> Result<Found> {
      static const std::string sql = fmt::format(
          "SELECT {} FROM connections WHERE organization = ? ORDER BY name", kConnectionColumns);
      Found found;
      Rows row = database.query(sql, organization.value);
      while (row.next()) found.push_back(read(row));
      return found;
    });
  }

  Task<Result<void>> erase(OrganizationId organization, ConnectionId id) override {
    co_return co_await tables_.write<void>([&](SqliteWrite& write) -> Result<void> {
      if (!has_connection(write.database, organization, id)) return no_such_connection();
      const bool had_credentials =
          write.database.query("SELECT 1 FROM credentials WHERE connection = ?", id.value).next();
      write.database.run("DELETE FROM connections WHERE id = ? AND organization = ?", id.value,
                         organization.value);
      if (had_credentials) write.changed("credentials", organization, id.value);
      write.changed("connections", organization, id.value);
      return {};
    });
  }

  Task<Result<ConnectionState>> load_state(OrganizationId organization, ConnectionId id) override {
    co_return co_await tables_.read<ConnectionState>(
        [&](Database& database) -> Result<ConnectionState> {
          Rows row = database.query(
              "SELECT s.health, s.detail, s.hint, s.checked_at, s.ready_at, s.era, "
              "s.protocol_version, s.era_at, s.server_info FROM connection_states s "
              "JOIN connections c ON c.id = s.connection WHERE c.id = ? AND c.organization = ?",
              id.value, organization.value);
          return row.next() ? read_state(row) : ConnectionState{};
        });
  }

  Task<Result<std::map<ConnectionId, ConnectionState>>> load_states(
      OrganizationId organization) override {
    using Found = std::map<ConnectionId, ConnectionState>;
    co_return co_await tables_.read<Found>([&](Database& database) -> Result<Found> {
      Found found;
      Rows row = database.query(
          "SELECT c.id, s.health, s.detail, s.hint, s.checked_at, s.ready_at, s.era, "
          "s.protocol_version, s.era_at, s.server_info FROM connection_states s "
          "JOIN connections c ON c.id = s.connection WHERE c.organization = ?",
          organization.value);
      while (row.next()) {
        ConnectionId id{row.text()};
        found.emplace(std::move(id), read_state(row));
      }
      return found;
    });
  }

  Task<Result<void>> save_state(OrganizationId organization, ConnectionId id,
                                ConnectionState state) override {
    co_return co_await tables_.write<void>([&](SqliteWrite& write) -> Result<void> {
      if (!has_connection(write.database, organization, id)) return no_such_connection();
      write.database.run(
          "INSERT OR REPLACE INTO connection_states (connection, health, detail, hint, checked_at, "
          "ready_at, era, protocol_version, era_at, server_info) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          id.value, name_in(kHealthNames, state.health), state.detail, state.hint, state.checked_at,
          state.ready_at, state.era, state.protocol_version, state.era_at, state.server_info);
      write.changed("states", organization, id.value);
      return {};
    });
  }

  Task<Result<std::optional<StoredCatalog>>> load_catalog(OrganizationId organization,
                                                          ConnectionId id,
                                                          MemberId member) override {
    using Found = std::optional<StoredCatalog>;
    co_return co_await tables_.read<Found>([&](Database& database) -> Result<Found> {
      return read_catalog(database, tables_.logger(), organization, id, member);
    });
  }

  Task<Result<std::vector<StoredCatalog>>> load_catalogs(OrganizationId organization,
                                                         MemberId member) override {
    using Found = std::vector<StoredCatalog>;
    co_return co_await tables_.read<Found>([&](Database& database) -> Result<Found> {
      return read_catalogs(database, tables_.logger(), organization, member);
    });
  }

  Task<Result<void>> save_catalog(OrganizationId organization, StoredCatalog catalog,
                                  PinChanges pins) override {
    co_return co_await tables_.write<void>([&](SqliteWrite& write) -> Result<void> {
      if (!has_connection(write.database, organization, catalog.connection))
        return no_such_connection();
      const std::size_t pinned = write_pins(write.database, catalog.connection, pins);
      const Stored stored = write_catalog(write.database, catalog);
      if (pinned > 0 || stored == Stored::changed)
        write.changed("catalogs", organization, catalog.connection.value);
      return {};
    });
  }

  Task<Result<std::vector<Pin>>> load_pins(OrganizationId organization, ConnectionId id,
                                           std::optional<MemberId> owner, Pins which) override {
    co_return co_await tables_.read<std::vector<Pin>>(
        [&](Database& database) -> Result<std::vector<Pin>> {
          return read_pins(database, organization, id, owner, which);
        });
  }

  Task<Result<std::size_t>> change_pins(OrganizationId organization, ConnectionId id,
                                        PinChanges pins) override {
    co_return co_await tables_.write<std::size_t>([&](SqliteWrite& write) -> Result<std::size_t> {
      if (!has_connection(write.database, organization, id)) return no_such_connection();
      const std::size_t made = write_pins(write.database, id, pins);
      if (made > 0) write.changed("catalogs", organization, id.value);
      return made;
    });
  }

  Task<Result<void>> erase_catalog(OrganizationId organization, ConnectionId id) override {
    co_return co_await tables_.write<void>([&](SqliteWrite& write) -> Result<void> {
      if (!has_connection(write.database, organization, id)) return no_such_connection();
      write.database.run("DELETE FROM catalogs WHERE connection = ?", id.value);
      write.database.run("DELETE FROM pins WHERE connection = ?", id.value);
      write.changed("catalogs", organization, id.value);
      return {};
    });
  }

 private:
  static std::unexpected<Error> taken(const Connection& connection) {
    return fail(Errc::conflict,
                fmt::format("a connection named {} exists already", connection.name));
  }

  static bool name_taken(Database& database, const Connection& connection) {
    return database
        .query("SELECT 1 FROM connections WHERE organization = ? AND name = ? AND id <> ?",
               connection.organization.value, connection.name, connection.id.value)
        .next();
  }

  static std::optional<std::int64_t> stored_revision(Database& database,
                                                     const Connection& connection) {
    Rows row = database.query("SELECT revision FROM connections WHERE id = ? AND organization = ?",
                              connection.id.value, connection.organization.value);
    if (!row.next()) return std::nullopt;
    return row.integer();
  }

  void set_settings(Database& database, const Connection& connection) const {
    database.run(
        "UPDATE connections SET name = ?, transport = ?, url = ?, command = ?, directory = ?, "
        "auth = ?, mode = ?, header_names = ?, environment_names = ?, client_id = ?, issuer = ?, "
        "scopes = ?, redirect_port = ?, redirect_path = ?, allowances = ?, revision = ?, details = "
        "? "
        "WHERE id = ? AND organization = ?",
        connection.name, name_in(kTransportNames, connection.transport), connection.url,
        Blob{encode_texts(connection.command)}, connection.directory,
        name_in(kAuthKindNames, connection.auth), name_in(kCredentialModeNames, connection.mode),
        Blob{header_names_blob(connection)}, Blob{environment_names_blob(connection)},
        connection.oauth.client_id, connection.oauth.issuer,
        Blob{encode_texts(connection.oauth.scopes)}, int{connection.oauth.redirect_port},
        connection.oauth.redirect_path, Blob{allowances_blob(connection)}, connection.revision,
        Blob{encode_details(details_of(connection))}, connection.id.value,
        connection.organization.value);
  }

  void set_secrets(Database& database, const Connection& connection) const {
    const std::optional<std::string> sealed = seal_secrets(connection, tables_.sealer());
    const std::optional<std::string> more = seal_more_secrets(connection, tables_.sealer());
    database.run("UPDATE connections SET secrets = ?, more_secrets = ? WHERE id = ?",
                 to_blob(sealed), to_blob(more), connection.id.value);
  }

  Connection read(Rows& row) const {
    Connection connection = read_connection(row, tables_.sealer());
    if (!connection.secrets_problem.empty())
      tables_.logger().warn(
          "connection_secrets_unreadable",
          {{"connection", connection.name}, {"reason", connection.secrets_problem}});
    return connection;
  }

  SqliteTables& tables_;
};

}  // namespace

std::unique_ptr<ConnectionStore> make_sqlite_connections(SqliteTables& tables) {
  return std::make_unique<SqliteConnections>(tables);
}

}  // namespace gatehouse::vault
