// Every row that holds sealed columns, whatever its table: what a rotation seals anew and `keys
// status` counts. A test finds a sealed column that is missing here.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "vault/sealer.hpp"
#include "vault/sqlite_database.hpp"

namespace gatehouse::vault {

struct SealedColumn {
  const char* name;
  std::string sealed;
};

struct SealedRow {
  std::int64_t number = 0;  ///< SQLite's rowid
  std::string name;         ///< for people: the connection's name, or an issuer
  std::vector<SealedColumn> columns;
  // The Place of each column, but for its name.
  std::string organization;
  std::string id;
  std::vector<std::string> bound_to;
};

/// One table and how to read its rows behind a rowid, at most `limit`, in order of rowid.
struct SealedTable {
  const char* name;
  std::vector<SealedRow> (*read)(Database& database, std::int64_t after, int limit);
};

const std::vector<SealedTable>& sealed_tables();
Place place_of(const SealedTable& table, const SealedRow& row, const SealedColumn& column);

}  // namespace gatehouse::vault
