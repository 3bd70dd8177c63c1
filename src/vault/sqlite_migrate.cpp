#include <fmt/format.h>

#include "vault/sqlite_database.hpp"

namespace gatehouse::vault {
namespace {

/// 0: an empty file.
std::int64_t schema_version(Database& database) {
  Rows table = database.query("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'");
  if (!table.next()) return 0;
  Rows version = database.query("SELECT COALESCE(MAX(version), 0) FROM schema_version");
  return version.next() ? version.integer() : 0;
}

Result<bool> is_current(Database& database, std::int64_t newest) {
  const std::int64_t found = schema_version(database);
  if (database.failure()) return std::unexpected(*database.failure());
  if (found > newest)
    return fail(Errc::unsupported,
                fmt::format("the database was written by a newer Gatehouse (schema {}, this one "
                            "knows {})",
                            found, newest),
                "use that newer Gatehouse, or another data directory");
  return found == newest;
}

}  // namespace

Result<void> migrate(Database& database, std::span<const Migration> migrations, SystemTime now) {
  const std::int64_t newest = migrations.empty() ? 0 : migrations.back().version;
  database.clear_failure();
  const Result<bool> before = is_current(database, newest);
  if (!before) return std::unexpected(before.error());
  if (*before) return {};

  Transaction transaction(database, Transaction::Kind::exclusive);
  const Result<bool> meanwhile = is_current(database, newest);
  if (!meanwhile) return std::unexpected(meanwhile.error());
  if (*meanwhile) return transaction.commit();
  database.execute(
      "CREATE TABLE IF NOT EXISTS schema_version ("
      "version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)");
  const std::int64_t found = schema_version(database);
  for (const Migration& step : migrations) {
    if (step.version <= found) continue;
    database.execute(step.sql);
    database.run("INSERT INTO schema_version (version, applied_at) VALUES (?, ?)", step.version,
                 now);
  }
  return transaction.commit();
}

}  // namespace gatehouse::vault
