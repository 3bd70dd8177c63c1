#include "vault/sqlite_store.hpp"

#include "vault/migrations/sqlite_migrations.hpp"
#include "vault/sqlite_keys.hpp"
#include "vault/sqlite_tables.hpp"

namespace gatehouse::vault {

namespace {

/// A rotation may have ended between reading the key source and opening the store.
Result<OpenedKeys> settle_with_reload(Database& database, const Sealer& sealer, SystemTime now) {
  Result<OpenedKeys> settled = settle_keys(database, sealer, now);
  if (settled || settled.error().code != Errc::policy) return settled;
  if (const Result<bool> reloaded = sealer.keys().reload(); !reloaded)
    return std::unexpected(reloaded.error());
  return settle_keys(database, sealer, now);
}

}  // namespace

Result<std::unique_ptr<Store>> SqliteStore::open(std::filesystem::path path, Sealer sealer,
                                                 Workers& workers, Logger& logger,
                                                 StoreClocks clocks) {
  auto writer = Database::open(path, Database::Access::write);
  if (!writer) return std::unexpected(writer.error());
  if (auto migrated = migrate(**writer, sqlite_migrations(), clocks.wall.now()); !migrated)
    return std::unexpected(migrated.error());
  const auto keys = settle_with_reload(**writer, sealer, clocks.wall.now());
  if (!keys) return std::unexpected(keys.error());
  if (keys->unknown)
    logger.warn(
        "store_key_is_another",
        {{"hint", "secrets were sealed under a key that is not here: gatehouse keys status"}});
  auto reader = Database::open(path, Database::Access::read);
  if (!reader) return std::unexpected(reader.error());
  return std::unique_ptr<Store>(new SqliteStore(std::make_unique<SqliteTables>(
      std::move(*writer), std::move(*reader), std::move(sealer), workers, logger, clocks)));
}

SqliteStore::SqliteStore(std::unique_ptr<SqliteTables> tables)
    : tables_(std::move(tables)),
      connections_(make_sqlite_connections(*tables_)),
      credentials_(make_sqlite_credentials(*tables_)),
      registrations_(make_sqlite_registrations(*tables_)),
      authorizations_(make_sqlite_authorizations(*tables_)),
      agent_tokens_(make_sqlite_agent_tokens(*tables_)),
      changes_(make_sqlite_changes(*tables_)),
      keys_(make_sqlite_keys(*tables_)) {}

SqliteStore::~SqliteStore() = default;

}  // namespace gatehouse::vault
