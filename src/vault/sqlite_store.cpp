#include "vault/sqlite_store.hpp"

#include "vault/migrations/sqlite_migrations.hpp"
#include "vault/sqlite_tables.hpp"

namespace gatehouse::vault {

Result<std::unique_ptr<Store>> SqliteStore::open(std::filesystem::path path, Sealer sealer,
                                                 Workers& workers, Logger& logger,
                                                 StoreClocks clocks) {
  auto writer = Database::open(path, Database::Access::write);
  if (!writer) return std::unexpected(writer.error());
  if (auto migrated = migrate(**writer, sqlite_migrations(), clocks.wall.now()); !migrated)
    return std::unexpected(migrated.error());
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
      changes_(make_sqlite_changes(*tables_)) {}

SqliteStore::~SqliteStore() = default;

}  // namespace gatehouse::vault
