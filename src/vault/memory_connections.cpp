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
    forget_lists(id);
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

  Task<Result<std::map<ConnectionId, ConnectionState>>> load_states(
      OrganizationId organization) override {
    const std::lock_guard lock(tables_.mutex);
    std::map<ConnectionId, ConnectionState> found;
    for (const auto& [id, state] : tables_.states)
      if (tables_.find_connection(organization, id) != nullptr) found.emplace(id, state);
    co_return found;
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
                                                          ConnectionId id,
                                                          MemberId member) override {
    const std::lock_guard lock(tables_.mutex);
    co_return find_catalog(organization, id, member);
  }

  Task<Result<std::vector<StoredCatalog>>> load_catalogs(OrganizationId organization,
                                                         MemberId member) override {
    const std::lock_guard lock(tables_.mutex);
    std::vector<StoredCatalog> found;
    for (const auto& [id, connection] : tables_.connections) {
      if (auto one = find_catalog(organization, id, member)) found.push_back(std::move(*one));
    }
    co_return found;
  }

  Task<Result<void>> save_catalog(OrganizationId organization, StoredCatalog catalog,
                                  PinChanges pins) override {
    MemoryWrite write(tables_);
    const ConnectionId id = catalog.connection;
    if (tables_.find_connection(organization, id) == nullptr) co_return gone();
    const std::string owner = catalog.owner ? catalog.owner->value : std::string();
    bool changed = write_pins(id, pins) > 0;
    changed |= std::erase_if(tables_.catalogs, [&](const auto& entry) {
                 return entry.first.first == id && entry.first.second.empty() != owner.empty();
               }) > 0;
    const auto known = tables_.catalogs.find({id, owner});
    changed |= known == tables_.catalogs.end() || !same_lists(known->second, catalog);
    tables_.catalogs.insert_or_assign({id, owner}, std::move(catalog));
    if (changed) write.changed("catalogs", organization, id.value);
    co_return Result<void>{};
  }

  Task<Result<std::vector<Pin>>> load_pins(OrganizationId organization, ConnectionId id,
                                           std::optional<MemberId> owner, Pins which) override {
    const std::lock_guard lock(tables_.mutex);
    std::vector<Pin> found;
    if (tables_.find_connection(organization, id) == nullptr) co_return found;
    const std::string whose = owner ? owner->value : std::string();
    for (const auto& [key, pin] : tables_.pins) {
      if (std::get<0>(key) != id || std::get<1>(key) != whose) continue;
      if (which == Pins::all || pin.waits()) found.push_back(pin);
    }
    co_return found;
  }

  Task<Result<std::size_t>> change_pins(OrganizationId organization, ConnectionId id,
                                        PinChanges pins) override {
    MemoryWrite write(tables_);
    if (tables_.find_connection(organization, id) == nullptr) co_return gone();
    const std::size_t made = write_pins(id, pins);
    if (made > 0) write.changed("catalogs", organization, id.value);
    co_return made;
  }

  Task<Result<void>> erase_catalog(OrganizationId organization, ConnectionId id) override {
    MemoryWrite write(tables_);
    if (tables_.find_connection(organization, id) == nullptr) co_return gone();
    forget_lists(id);
    write.changed("catalogs", organization, id.value);
    co_return Result<void>{};
  }

 private:
  static bool same_lists(const StoredCatalog& a, const StoredCatalog& b) {
    return a.tools == b.tools && a.prompts == b.prompts && a.resources == b.resources &&
           a.templates == b.templates && a.dropped == b.dropped && a.ttl_ms == b.ttl_ms;
  }

  std::optional<StoredCatalog> find_catalog(const OrganizationId& organization,
                                            const ConnectionId& id, const MemberId& member) {
    if (tables_.find_connection(organization, id) == nullptr) return std::nullopt;
    for (const std::string& owner : {member.value, std::string()}) {
      const auto found = tables_.catalogs.find({id, owner});
      if (found != tables_.catalogs.end()) return found->second;
    }
    return std::nullopt;
  }

  void forget_lists(const ConnectionId& id) {
    std::erase_if(tables_.catalogs, [&](const auto& entry) { return entry.first.first == id; });
    std::erase_if(tables_.pins, [&](const auto& entry) { return std::get<0>(entry.first) == id; });
  }

  std::size_t write_pins(const ConnectionId& id, const PinChanges& pins) {
    const std::string owner = pins.owner ? pins.owner->value : std::string();
    std::size_t made = 0;
    for (const PinChange& change : pins.changes) {
      const std::tuple key(id, owner, change.pin.kind, change.pin.name);
      const auto found = tables_.pins.find(key);
      const bool is_add = change.what == PinChange::What::add;
      const bool expected = found == tables_.pins.end()
                                ? is_add
                                : !is_add && found->second.digest == change.was_digest &&
                                      found->second.found_digest == change.was_found_digest;
      if (!expected) continue;
      ++made;
      if (change.what == PinChange::What::erase) {
        tables_.pins.erase(found);
      } else {
        tables_.pins.insert_or_assign(key, change.pin);
      }
    }
    return made;
  }

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
