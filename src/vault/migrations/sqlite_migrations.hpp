// The schema of the SQLite store, step by step. A released step is never edited; changes are new
// steps.
#pragma once

#include <span>

#include "vault/sqlite_database.hpp"

namespace gatehouse::vault {

extern const char* const kSqlite0001Initial;
extern const char* const kSqlite0002Details;
extern const char* const kSqlite0003Keys;
extern const char* const kSqlite0004Lists;

std::span<const Migration> sqlite_migrations();

}  // namespace gatehouse::vault
