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

Task<Result<void>> SqliteTables::checkpoint() {
  co_return co_await workers_.run([this]() -> Result<void> {
    const std::lock_guard lock(writer_mutex_);
    writer_->clear_failure();
    writer_->execute("PRAGMA wal_checkpoint(TRUNCATE)");
    if (writer_->failure()) return std::unexpected(*writer_->failure());
    return {};
  });
}

void SqliteTables::reload_keys() {
  const std::lock_guard lock(reload_mutex_);
  const std::chrono::milliseconds now = clocks_.boot.since_boot();
  if (now < next_reload_) return;
  const Result<bool> news = sealer_.keys().reload();
  if (!news) logger_.warn("key_source_failed", {{"error", describe(news.error())}});
  if (!news || !*news) next_reload_ = now + std::chrono::seconds{2};
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
