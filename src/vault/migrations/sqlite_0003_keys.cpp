#include "vault/migrations/sqlite_migrations.hpp"

namespace gatehouse::vault {

// The master keys that the store was used with (key_store.hpp); ids are raw bytes. `wrapped` is a
// new key under the one before it, only as long as both are in use. `request_states` opens what
// clients carry for ten minutes, of a retired key, under the current one.
const char* const kSqlite0003Keys = R"sql(
CREATE TABLE master_keys (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL UNIQUE,
  state TEXT NOT NULL,
  since INTEGER NOT NULL,
  wrapped BLOB,
  request_states BLOB
) STRICT;
)sql";

}  // namespace gatehouse::vault
