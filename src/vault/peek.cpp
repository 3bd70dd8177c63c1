#include "vault/peek.hpp"

#include "vault/sqlite_tables.hpp"

namespace gatehouse::vault {

Result<Peeked> peek(const std::filesystem::path& path) {
  Peeked found;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return found;
  Result<std::unique_ptr<Database>> opened =
      Database::open(path, Database::Access::read, std::chrono::milliseconds{100});
  if (!opened) return std::unexpected(opened.error());
  Database& database = **opened;
  {
    Rows row = database.query(
        "SELECT c.name, t.tools FROM connections c LEFT JOIN catalogs t ON t.connection = c.id "
        "WHERE c.organization = ? ORDER BY c.name",
        local_organization().value);
    while (row.next()) {
      const std::string name = row.text();
      if (!found.connections.empty() && found.connections.back().name == name) continue;
      PeekedConnection& one = found.connections.emplace_back();
      one.name = name;
      one.tools = decode_texts(row.text()).value_or(std::vector<std::string>());
    }
  }
  Rows row = database.query(
      "SELECT DISTINCT name FROM agent_tokens WHERE organization = ? AND revoked_at IS NULL "
      "ORDER BY name",
      local_organization().value);
  while (row.next()) found.agent_tokens.push_back(row.text());
  if (database.failure()) return std::unexpected(*database.failure());
  return found;
}

}  // namespace gatehouse::vault
