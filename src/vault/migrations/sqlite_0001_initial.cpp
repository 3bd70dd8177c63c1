#include "vault/migrations/sqlite_migrations.hpp"

namespace gatehouse::vault {

// Times are milliseconds since 1970 UTC. Lists of texts and everything encrypted are blobs
// (fields.hpp, sealer.hpp). The owner of a shared credential is ''.
const char* const kSqlite0001Initial = R"sql(
CREATE TABLE connections (
  id TEXT PRIMARY KEY,
  organization TEXT NOT NULL,
  name TEXT NOT NULL,
  transport TEXT NOT NULL,
  url TEXT NOT NULL,
  command BLOB NOT NULL,
  directory TEXT NOT NULL,
  auth TEXT NOT NULL,
  mode TEXT NOT NULL,
  header_names BLOB NOT NULL,
  environment_names BLOB NOT NULL,
  client_id TEXT NOT NULL,
  issuer TEXT NOT NULL,
  scopes BLOB NOT NULL,
  redirect_port INTEGER NOT NULL,
  redirect_path TEXT NOT NULL,
  allowances BLOB NOT NULL,
  secrets BLOB,              -- client secret, header values, environment values; NULL: none
  created_at INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  UNIQUE (organization, name)
) STRICT;

CREATE TABLE connection_states (
  connection TEXT PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE,
  health TEXT NOT NULL,
  detail TEXT NOT NULL,
  hint TEXT NOT NULL,
  checked_at INTEGER,
  ready_at INTEGER,
  era TEXT NOT NULL,
  protocol_version TEXT NOT NULL,
  era_at INTEGER,
  server_info TEXT NOT NULL
) STRICT;

CREATE TABLE catalogs (
  connection TEXT PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE,
  tools BLOB NOT NULL,
  dropped BLOB NOT NULL,
  fetched_at INTEGER NOT NULL,
  ttl_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE credentials (
  organization TEXT NOT NULL,
  connection TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  owner TEXT NOT NULL,
  account TEXT NOT NULL,
  issuer TEXT NOT NULL,
  resource TEXT NOT NULL,
  registration TEXT NOT NULL,
  token_endpoint TEXT NOT NULL,
  revocation_endpoint TEXT NOT NULL,
  server_url TEXT NOT NULL,
  tokens BLOB,               -- access token, refresh token; NULL: signed out
  expires_at INTEGER,
  obtained_at INTEGER NOT NULL,
  scope TEXT NOT NULL,
  requested_scope TEXT NOT NULL,
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  sign_in_required INTEGER NOT NULL DEFAULT 0,
  sign_in_reason TEXT NOT NULL DEFAULT '',
  attempts INTEGER NOT NULL DEFAULT 0,
  last_attempt_at INTEGER,
  lease_holder TEXT,
  lease_boot TEXT,           -- the boot that lease_until counts from
  lease_until INTEGER,       -- milliseconds of the boot clock
  PRIMARY KEY (connection, owner, account)
) STRICT;

CREATE TABLE registrations (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  organization TEXT NOT NULL,
  issuer TEXT NOT NULL,
  kind TEXT NOT NULL,
  client_id TEXT NOT NULL,
  secrets BLOB NOT NULL,     -- client secret, registration access token
  auth_method TEXT NOT NULL,
  redirect_uris BLOB NOT NULL,
  secret_expires_at INTEGER,
  registration_client_uri TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX registrations_of_issuer ON registrations (organization, issuer, kind, number);

CREATE TABLE authorizations (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  organization TEXT NOT NULL,
  connection TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  owner TEXT NOT NULL,
  account TEXT NOT NULL,
  state_hash TEXT NOT NULL UNIQUE,
  verifier BLOB NOT NULL,
  issuer TEXT NOT NULL,
  resource TEXT NOT NULL,
  registration TEXT NOT NULL,
  token_endpoint TEXT NOT NULL,
  revocation_endpoint TEXT NOT NULL,
  server_url TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  requested_scope TEXT NOT NULL,
  iss_advertised INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  browser_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX authorizations_of_connection ON authorizations (connection, owner);

CREATE TABLE agent_tokens (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  organization TEXT NOT NULL,
  member TEXT NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  scopes BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
) STRICT;
CREATE INDEX agent_tokens_of_organization ON agent_tokens (organization);

CREATE TABLE changes (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  table_name TEXT NOT NULL,
  organization TEXT NOT NULL,
  row_id TEXT NOT NULL
) STRICT;
)sql";

}  // namespace gatehouse::vault
