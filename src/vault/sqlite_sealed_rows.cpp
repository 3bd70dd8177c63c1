#include "vault/sqlite_sealed_rows.hpp"

#include "vault/fields.hpp"

namespace gatehouse::vault {
namespace {

// The queries name the same columns that the table's own unit binds its ciphertexts to.

void take(SealedRow& into, Rows& row, const char* column) {
  if (std::optional<std::string> sealed = row.maybe_text())
    into.columns.push_back({column, std::move(*sealed)});
}

std::vector<SealedRow> read_connections(Database& database, std::int64_t after, int limit) {
  std::vector<SealedRow> found;
  Rows row = database.query(
      "SELECT rowid, name, secrets, more_secrets, organization, id, url, command, header_names, "
      "environment_names FROM connections WHERE rowid > ? ORDER BY rowid LIMIT ?",
      after, limit);
  while (row.next()) {
    SealedRow& one = found.emplace_back();
    one.number = row.integer();
    one.name = row.text();
    take(one, row, "secrets");
    take(one, row, "more_secrets");
    one.organization = row.text();
    one.id = row.text();
    for (int i = 0; i < 4; ++i) one.bound_to.push_back(row.text());
  }
  return found;
}

std::vector<SealedRow> read_credentials(Database& database, std::int64_t after, int limit) {
  std::vector<SealedRow> found;
  Rows row = database.query(
      "SELECT a.rowid, c.name, a.tokens, a.more_secrets, a.organization, a.connection, a.owner, "
      "a.account, a.issuer, a.resource, a.token_endpoint, a.server_url FROM credentials a "
      "JOIN connections c ON c.id = a.connection WHERE a.rowid > ? ORDER BY a.rowid LIMIT ?",
      after, limit);
  while (row.next()) {
    SealedRow& one = found.emplace_back();
    one.number = row.integer();
    one.name = row.text();
    take(one, row, "tokens");
    take(one, row, "more_secrets");
    one.organization = row.text();
    const std::string connection = row.text();
    const std::string owner = row.text();
    const std::string account = row.text();
    one.id = encode_fields({connection, owner.empty() ? "shared" : "member", owner, account});
    for (int i = 0; i < 4; ++i) one.bound_to.push_back(row.text());
  }
  return found;
}

std::vector<SealedRow> read_registrations(Database& database, std::int64_t after, int limit) {
  std::vector<SealedRow> found;
  Rows row = database.query(
      "SELECT rowid, issuer, secrets, more_secrets, organization, id, issuer, "
      "registration_client_uri FROM registrations WHERE rowid > ? ORDER BY rowid LIMIT ?",
      after, limit);
  while (row.next()) {
    SealedRow& one = found.emplace_back();
    one.number = row.integer();
    one.name = row.text();
    take(one, row, "secrets");
    take(one, row, "more_secrets");
    one.organization = row.text();
    one.id = row.text();
    for (int i = 0; i < 2; ++i) one.bound_to.push_back(row.text());
  }
  return found;
}

std::vector<SealedRow> read_authorizations(Database& database, std::int64_t after, int limit) {
  std::vector<SealedRow> found;
  Rows row = database.query(
      "SELECT a.rowid, c.name, a.verifier, a.organization, a.id, a.issuer, a.resource, "
      "a.token_endpoint, a.state_hash FROM authorizations a "
      "JOIN connections c ON c.id = a.connection WHERE a.rowid > ? ORDER BY a.rowid LIMIT ?",
      after, limit);
  while (row.next()) {
    SealedRow& one = found.emplace_back();
    one.number = row.integer();
    one.name = row.text();
    take(one, row, "verifier");
    one.organization = row.text();
    one.id = row.text();
    for (int i = 0; i < 4; ++i) one.bound_to.push_back(row.text());
  }
  return found;
}

std::vector<SealedRow> read_master_keys(Database& database, std::int64_t after, int limit) {
  std::vector<SealedRow> found;
  Rows row = database.query(
      "SELECT rowid, request_states, id FROM master_keys WHERE rowid > ? ORDER BY rowid LIMIT ?",
      after, limit);
  while (row.next()) {
    SealedRow& one = found.emplace_back();
    one.number = row.integer();
    take(one, row, "request_states");
    one.id = row.text();
  }
  return found;
}

}  // namespace

const std::vector<SealedTable>& sealed_tables() {
  static const std::vector<SealedTable> tables{
      {"connections", &read_connections},     {"credentials", &read_credentials},
      {"registrations", &read_registrations}, {"authorizations", &read_authorizations},
      {"master_keys", &read_master_keys},
  };
  return tables;
}

Place place_of(const SealedTable& table, const SealedRow& row, const SealedColumn& column) {
  return {.organization = row.organization,
          .table = table.name,
          .column = column.name,
          .row = row.id,
          .bound_to = {row.bound_to.begin(), row.bound_to.end()}};
}

}  // namespace gatehouse::vault
