#include "vault/memory_tables.hpp"

namespace gatehouse::vault {
namespace {

class MemoryConnections final : public ConnectionStore {
 public:
  explicit MemoryConnections(MemoryTables& tables) : tables_(tables) {}

  Task<Result<Connection>> create(Connection connection) override {
    MemoryWrite write(tables_);
    if (connection.id.empty()) connection.id = ConnectionId::make();
    if (tables_.connections.contains(connection.id) || name_taken(connection))
      co_return fail(Errc::conflict, "a connection named " + connection.name + " exists already");
    if (connection.created_at == SystemTime{}) connection.created_at = tables_.clocks.wall.now();
    connection.revision = 1;
    tables_.connections[connection.id] = connection;
    write.changed("connections", connection.organization, connection.id.value);
    co_return connection;
  }

  Task<Result<Connection>> update(Connection connection) override {
    MemoryWrite write(tables_);
    Connection* stored = tables_.find_connection(connection.organization, connection.id);
    if (stored == nullptr) co_return gone();
    if (stored->revision != connection.revision)
      co_return fail(Errc::conflict, "connection " + connection.name + " was changed meanwhile");
    if (name_taken(connection))
      co_return fail(Errc::conflict, "a connection named " + connection.name + " exists already");
    ++connection.revision;
    *stored = connection;
    write.changed("connections", connection.organization, connection.id.value);
    co_return connection;
  }

  Task<Result<std::optional<Connection>>> find(OrganizationId organization,
                                               std::string name) override {
    const std::lock_guard lock(tables_.mutex);
    for (const auto& [id, connection] : tables_.connections) {
      if (connection.organization == organization && connection.name == name)
        co_return std::optional<Connection>(connection);
    }
    co_return std::optional<Connection>();
  }

  Task<Result<std::vector<Connection>>> list(OrganizationId organization) override {
    const std::lock_guard lock(tables_.mutex);
    std::vector<Connection> found;
    for (const auto& [id, connection] : tables_.connections) {
      if (connection.organization == organization) found.push_back(connection);
    }
    std::ranges::sort(found, {}, &Connection::name);
    co_return found;
  }

  Task<Result<void>> erase(OrganizationId organization, ConnectionId id) override {
    MemoryWrite write(tables_);
    if (tables_.find_connection(organization, id) == nullptr) co_return gone();
    const bool had_credentials = std::erase_if(tables_.credentials, [&](const auto& entry) {
                                   return entry.first.connection == id;
                                 }) > 0;
    std::erase_if(tables_.authorizations,
                  [&](const Authorization& one) { return one.key.connection == id; });
    tables_.states.erase(id);
    tables_.catalogs.erase(id);
    tables_.connections.erase(id);
    if (had_credentials) write.changed("credentials", organization, id.value);
    write.changed("connections", organization, id.value);
    co_return Result<void>{};
  }

  Task<Result<ConnectionState>> load_state(OrganizationId organization, ConnectionId id) override {
    const std::lock_guard lock(tables_.mutex);
    const auto found = tables_.states.find(id);
    if (found == tables_.states.end() || tables_.find_connection(organization, id) == nullptr)
      co_return ConnectionState{};
    co_return found->second;
  }

  Task<Result<void>> save_state(OrganizationId organization, ConnectionId id,
                                ConnectionState state) override {
    MemoryWrite write(tables_);
    if (tables_.find_connection(organization, id) == nullptr) co_return gone();
    tables_.states[id] = std::move(state);
    write.changed("states", organization, id.value);
    co_return Result<void>{};
  }

  Task<Result<std::optional<StoredCatalog>>> load_catalog(OrganizationId organization,
                                                          ConnectionId id) override {
    const std::lock_guard lock(tables_.mutex);
    const auto found = tables_.catalogs.find(id);
    if (found == tables_.catalogs.end() || tables_.find_connection(organization, id) == nullptr)
      co_return std::optional<StoredCatalog>();
    co_return std::optional<StoredCatalog>(found->second);
  }

  Task<Result<void>> save_catalog(OrganizationId organization, StoredCatalog catalog) override {
    MemoryWrite write(tables_);
    const ConnectionId id = catalog.connection;
    if (tables_.find_connection(organization, id) == nullptr) co_return gone();
    tables_.catalogs[id] = std::move(catalog);
    write.changed("catalogs", organization, id.value);
    co_return Result<void>{};
  }

 private:
  static std::unexpected<Error> gone() {
    return fail(Errc::not_found, "the connection does not exist", "see gatehouse list");
  }

  bool name_taken(const Connection& connection) const {
    return std::ranges::any_of(tables_.connections, [&](const auto& entry) {
      return entry.first != connection.id && entry.second.name == connection.name &&
             entry.second.organization == connection.organization;
    });
  }

  MemoryTables& tables_;
};

}  // namespace

std::unique_ptr<ConnectionStore> make_memory_connections(MemoryTables& tables) {
  return std::make_unique<MemoryConnections>(tables);
}

}  // namespace gatehouse::vault
