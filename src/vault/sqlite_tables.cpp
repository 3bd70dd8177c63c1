#include "vault/sqlite_tables.hpp"

#include <cassert>

#include "vault/fields.hpp"

namespace gatehouse::vault {

void SqliteWrite::changed(std::string table, const OrganizationId& organization,
                          const std::string& id) {
  Rows made = database.query(
      "INSERT INTO changes (table_name, organization, row_id) VALUES (?, ?, ?) RETURNING number",
      table, organization.value, id);
  const std::int64_t number = made.next() ? made.integer() : 0;
  while (made.next()) {
  }
  database.run("DELETE FROM changes WHERE number <= ?", number - kChangesKept);
  changes.push_back({number, std::move(table), organization, id});
}

std::string owner_text(const CredentialKey& key) {
  assert(!key.owner || !key.owner->empty());
  return key.owner ? key.owner->value : std::string();
}

std::optional<MemberId> owner_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return MemberId{text};
}

std::string encode_texts(const std::vector<std::string>& texts) {
  std::string blob;
  for (const std::string& text : texts) append_field(blob, text);
  return blob;
}

std::optional<std::vector<std::string>> decode_texts(std::string_view blob) {
  const auto fields = decode_fields(blob);
  if (!fields) return std::nullopt;
  return std::vector<std::string>(fields->begin(), fields->end());
}

bool has_connection(Database& database, const OrganizationId& organization,
                    const ConnectionId& connection) {
  return database
      .query("SELECT 1 FROM connections WHERE id = ? AND organization = ?", connection.value,
             organization.value)
      .next();
}

std::unexpected<Error> no_such_connection() {
  return fail(Errc::not_found, "the connection does not exist", "see gatehouse list");
}

}  // namespace gatehouse::vault
