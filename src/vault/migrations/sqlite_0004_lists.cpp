#include "vault/migrations/sqlite_migrations.hpp"

namespace gatehouse::vault {

// Catalogs hold every list of a server and say whose it is: '' for everybody's, else a member's
// own. Each capability is pinned as it was accepted; `found_*` is what the server says now, where
// that differs ('' and NULL: nothing does).
const char* const kSqlite0004Lists = R"sql(
CREATE TABLE lists (
  connection TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  owner TEXT NOT NULL,
  tools BLOB NOT NULL,
  prompts BLOB NOT NULL,
  resources BLOB NOT NULL,
  templates BLOB NOT NULL,
  dropped BLOB NOT NULL,
  fetched_at INTEGER NOT NULL,
  ttl_ms INTEGER NOT NULL,
  PRIMARY KEY (connection, owner)
) STRICT;
INSERT INTO lists SELECT t.connection, CASE c.mode WHEN 'per_member' THEN 'mem_local' ELSE '' END,
  t.tools, x'', x'', x'', t.dropped, t.fetched_at, t.ttl_ms
  FROM catalogs t JOIN connections c ON c.id = t.connection;
DROP TABLE catalogs;
ALTER TABLE lists RENAME TO catalogs;

CREATE TABLE pins (
  connection TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  owner TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  definition BLOB NOT NULL,
  pinned_at INTEGER NOT NULL,
  found_digest TEXT NOT NULL,
  found_definition BLOB NOT NULL,
  found_at INTEGER,
  PRIMARY KEY (connection, owner, kind, name)
) STRICT;
CREATE INDEX pins_found ON pins (connection, owner) WHERE found_digest <> '';
)sql";

}  // namespace gatehouse::vault
