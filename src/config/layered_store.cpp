#include "config/layered_store.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/random.hpp"

namespace gatehouse::config {

std::string stored_name(std::string_view name, std::string_view file) {
  return std::string(name) + "@" + hex_encode(sha256(file)).substr(0, 16);
}

std::string short_name(std::string_view stored) {
  return std::string(stored.substr(0, stored.find('@')));
}

Task<Result<vault::Connection>> LayeredStore::create(vault::Connection connection) {
  // What is made here belongs to the store; whoever copies a connection copies no file.
  connection.origin.clear();
  connection.origin_digest.clear();
  co_return co_await inner_.connections().create(std::move(connection));
}

Task<Result<vault::Connection>> LayeredStore::update(vault::Connection connection) {
  if (!connection.origin.empty()) connection.name = stored_name(connection.name, connection.origin);
  Result<vault::Connection> stored = co_await inner_.connections().update(std::move(connection));
  if (stored) stored->name = short_name(stored->name);
  co_return stored;
}

Task<Result<std::optional<vault::Connection>>> LayeredStore::find(OrganizationId organization,
                                                                  std::string name) {
  if (name.find('@') != std::string::npos) co_return std::nullopt;
  std::map<Rank, std::string, std::greater<>> candidates{{Rank::store, name}};
  for (const auto& [stored, rank] : rows_)
    if (short_name(stored) == name) candidates.emplace(rank, stored);
  for (const auto& [rank, stored] : candidates) {
    Result<std::optional<vault::Connection>> found =
        co_await inner_.connections().find(organization, stored);
    if (!found) co_return found;
    if (!*found) continue;
    (*found)->name = name;
    co_return found;
  }
  co_return std::nullopt;
}

Task<Result<std::vector<vault::Connection>>> LayeredStore::list(OrganizationId organization) {
  Result<std::vector<vault::Connection>> all = co_await inner_.connections().list(organization);
  if (!all) co_return all;
  std::map<std::string, std::pair<Rank, vault::Connection*>> best;
  for (vault::Connection& connection : *all) {
    Rank rank = Rank::store;
    if (connection.name.find('@') != std::string::npos) {
      const auto in_effect = rows_.find(connection.name);
      if (in_effect == rows_.end()) continue;
      rank = in_effect->second;
    }
    connection.name = short_name(connection.name);
    const auto [other, first] = best.try_emplace(connection.name, rank, &connection);
    if (!first && rank > other->second.first) other->second = {rank, &connection};
  }
  std::vector<vault::Connection> visible;
  for (const auto& [name, chosen] : best) visible.push_back(std::move(*chosen.second));
  co_return visible;
}

Task<Result<void>> LayeredStore::erase(OrganizationId organization, ConnectionId id) {
  return inner_.connections().erase(std::move(organization), std::move(id));
}

Task<Result<vault::ConnectionState>> LayeredStore::load_state(OrganizationId organization,
                                                              ConnectionId id) {
  return inner_.connections().load_state(std::move(organization), std::move(id));
}

Task<Result<std::map<ConnectionId, vault::ConnectionState>>> LayeredStore::load_states(
    OrganizationId organization) {
  return inner_.connections().load_states(std::move(organization));
}

Task<Result<void>> LayeredStore::save_state(OrganizationId organization, ConnectionId id,
                                            vault::ConnectionState state) {
  return inner_.connections().save_state(std::move(organization), std::move(id), std::move(state));
}

Task<Result<std::optional<vault::StoredCatalog>>> LayeredStore::load_catalog(
    OrganizationId organization, ConnectionId id, MemberId member) {
  return inner_.connections().load_catalog(std::move(organization), std::move(id),
                                           std::move(member));
}

Task<Result<std::vector<vault::StoredCatalog>>> LayeredStore::load_catalogs(
    OrganizationId organization, MemberId member) {
  return inner_.connections().load_catalogs(std::move(organization), std::move(member));
}

Task<Result<void>> LayeredStore::save_catalog(OrganizationId organization,
                                              vault::StoredCatalog catalog,
                                              vault::PinChanges pins) {
  return inner_.connections().save_catalog(std::move(organization), std::move(catalog),
                                           std::move(pins));
}

Task<Result<std::vector<vault::Pin>>> LayeredStore::load_pins(OrganizationId organization,
                                                              ConnectionId id,
                                                              std::optional<MemberId> owner,
                                                              Pins which) {
  return inner_.connections().load_pins(std::move(organization), std::move(id), std::move(owner),
                                        which);
}

Task<Result<std::size_t>> LayeredStore::change_pins(OrganizationId organization, ConnectionId id,
                                                    vault::PinChanges pins) {
  return inner_.connections().change_pins(std::move(organization), std::move(id), std::move(pins));
}

Task<Result<void>> LayeredStore::erase_catalog(OrganizationId organization, ConnectionId id) {
  return inner_.connections().erase_catalog(std::move(organization), std::move(id));
}

}  // namespace gatehouse::config
