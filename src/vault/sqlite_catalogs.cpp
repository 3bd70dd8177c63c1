#include "vault/sqlite_catalogs.hpp"

namespace gatehouse::vault {
namespace {

constexpr const char* kOne =
    "SELECT t.connection, t.owner, t.tools, t.prompts, t.resources, t.templates, t.dropped, "
    "t.fetched_at, t.ttl_ms FROM catalogs t JOIN connections c ON c.id = t.connection "
    "WHERE c.id = ? AND c.organization = ? AND t.owner IN ('', ?) ORDER BY t.owner DESC";
constexpr const char* kAll =
    "SELECT t.connection, t.owner, t.tools, t.prompts, t.resources, t.templates, t.dropped, "
    "t.fetched_at, t.ttl_ms FROM catalogs t JOIN connections c ON c.id = t.connection "
    "WHERE c.organization = ? AND t.owner IN ('', ?) ORDER BY t.connection, t.owner DESC";

std::string text_of(const std::optional<MemberId>& owner) {
  return owner ? owner->value : std::string();
}

/// Nothing when it is damaged: as if never listed, the next listing replaces it.
std::optional<StoredCatalog> read_row(Rows& row, Logger& logger) {
  StoredCatalog catalog;
  catalog.connection = ConnectionId{row.text()};
  catalog.owner = owner_of(row.text());
  for (auto* list : {&catalog.tools, &catalog.prompts, &catalog.resources, &catalog.templates,
                     &catalog.dropped}) {
    auto texts = decode_texts(row.text());
    if (!texts) {
      logger.warn("stored_catalog_damaged", {{"connection", catalog.connection.value}});
      return std::nullopt;
    }
    *list = std::move(*texts);
  }
  catalog.fetched_at = row.time();
  catalog.ttl_ms = row.integer();
  return catalog;
}

}  // namespace

std::optional<StoredCatalog> read_catalog(Database& database, Logger& logger,
                                          const OrganizationId& organization,
                                          const ConnectionId& id, const MemberId& member) {
  Rows row = database.query(kOne, id.value, organization.value, member.value);
  return row.next() ? read_row(row, logger) : std::nullopt;
}

std::vector<StoredCatalog> read_catalogs(Database& database, Logger& logger,
                                         const OrganizationId& organization,
                                         const MemberId& member) {
  std::vector<StoredCatalog> found;
  Rows row = database.query(kAll, organization.value, member.value);
  while (row.next()) {
    std::optional<StoredCatalog> one = read_row(row, logger);
    const bool own_was_there = one && !found.empty() && found.back().connection == one->connection;
    if (one && !own_was_there) found.push_back(std::move(*one));
  }
  return found;
}

Stored write_catalog(Database& database, const StoredCatalog& catalog) {
  const std::string owner = text_of(catalog.owner);
  const std::string tools = encode_texts(catalog.tools);
  const std::string prompts = encode_texts(catalog.prompts);
  const std::string resources = encode_texts(catalog.resources);
  const std::string templates = encode_texts(catalog.templates);
  const std::string dropped = encode_texts(catalog.dropped);
  int ended = 0;
  if (owner.empty()) {
    ended = database.run("DELETE FROM catalogs WHERE connection = ? AND owner <> ''",
                         catalog.connection.value);
  } else {
    ended = database.run("DELETE FROM catalogs WHERE connection = ? AND owner = ''",
                         catalog.connection.value);
  }
  const int same = database.run(
      "UPDATE catalogs SET fetched_at = ? WHERE connection = ? AND owner = ? AND tools = ? AND "
      "prompts = ? AND resources = ? AND templates = ? AND dropped = ? AND ttl_ms = ?",
      catalog.fetched_at, catalog.connection.value, owner, Blob{tools}, Blob{prompts},
      Blob{resources}, Blob{templates}, Blob{dropped}, catalog.ttl_ms);
  if (same > 0) return ended > 0 ? Stored::changed : Stored::as_before;
  database.run(
      "INSERT OR REPLACE INTO catalogs (connection, owner, tools, prompts, resources, templates, "
      "dropped, fetched_at, ttl_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      catalog.connection.value, owner, Blob{tools}, Blob{prompts}, Blob{resources}, Blob{templates},
      Blob{dropped}, catalog.fetched_at, catalog.ttl_ms);
  return Stored::changed;
}

std::vector<Pin> read_pins(Database& database, const OrganizationId& organization,
                           const ConnectionId& id, const std::optional<MemberId>& owner,
                           ConnectionStore::Pins which) {
  constexpr const char* kEvery =
      "SELECT p.kind, p.name, p.digest, p.definition, p.pinned_at, p.found_digest, "
      "p.found_definition, p.found_at FROM pins p JOIN connections c ON c.id = p.connection "
      "WHERE c.id = ? AND c.organization = ? AND p.owner = ? ORDER BY p.kind, p.name";
  constexpr const char* kWaiting =
      "SELECT p.kind, p.name, p.digest, p.definition, p.pinned_at, p.found_digest, "
      "p.found_definition, p.found_at FROM pins p JOIN connections c ON c.id = p.connection "
      "WHERE c.id = ? AND c.organization = ? AND p.owner = ? AND p.found_digest <> '' "
      "ORDER BY p.kind, p.name";
  std::vector<Pin> pins;
  Rows row = database.query(which == ConnectionStore::Pins::all ? kEvery : kWaiting, id.value,
                            organization.value, text_of(owner));
  while (row.next()) {
    Pin& pin = pins.emplace_back();
    pin.kind = row.text();
    pin.name = row.text();
    pin.digest = row.text();
    pin.definition = row.text();
    pin.pinned_at = row.time();
    pin.found_digest = row.text();
    pin.found_definition = row.text();
    pin.found_at = row.maybe_time();
  }
  return pins;
}

std::size_t write_pins(Database& database, const ConnectionId& id, const PinChanges& pins) {
  const std::string owner = text_of(pins.owner);
  std::size_t made = 0;
  for (const PinChange& change : pins.changes) {
    const Pin& pin = change.pin;
    int rows = 0;
    switch (change.what) {
      case PinChange::What::add:
        rows = database.run(
            "INSERT OR IGNORE INTO pins (connection, owner, kind, name, digest, definition, "
            "pinned_at, found_digest, found_definition, found_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            id.value, owner, pin.kind, pin.name, pin.digest, Blob{pin.definition}, pin.pinned_at,
            pin.found_digest, Blob{pin.found_definition}, pin.found_at);
        break;
      case PinChange::What::replace:
        rows = database.run(
            "UPDATE pins SET digest = ?, definition = ?, pinned_at = ?, found_digest = ?, "
            "found_definition = ?, found_at = ? WHERE connection = ? AND owner = ? AND kind = ? "
            "AND name = ? AND digest = ? AND found_digest = ?",
            pin.digest, Blob{pin.definition}, pin.pinned_at, pin.found_digest,
            Blob{pin.found_definition}, pin.found_at, id.value, owner, pin.kind, pin.name,
            change.was_digest, change.was_found_digest);
        break;
      case PinChange::What::erase:
        rows = database.run(
            "DELETE FROM pins WHERE connection = ? AND owner = ? AND kind = ? AND name = ? AND "
            "digest = ? AND found_digest = ?",
            id.value, owner, pin.kind, pin.name, change.was_digest, change.was_found_digest);
        break;
    }
    made += static_cast<std::size_t>(rows);
  }
  return made;
}

}  // namespace gatehouse::vault
