#include "vault/sqlite_tables.hpp"

namespace gatehouse::vault {
namespace {

class SqliteAgentTokens final : public AgentTokenStore {
 public:
  explicit SqliteAgentTokens(SqliteTables& tables) : tables_(tables) {}

  Task<Result<void>> create(AgentToken token) override {
    co_return co_await tables_.write<void>([&](SqliteWrite& write) -> Result<void> {
      const bool exists = write.database
                              .query("SELECT 1 FROM agent_tokens WHERE id = ? OR hash = ?",
                                     token.id.value, token.hash)
                              .next();
      if (exists) return fail(Errc::conflict, "the token exists already");
      write.database.run(
          "INSERT INTO agent_tokens (id, organization, member, name, hash, scopes, created_at, "
          "expires_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
          token.id.value, token.organization.value, token.member.value, token.name, token.hash,
          Blob{encode_texts(token.scopes)}, token.created_at, token.expires_at, token.revoked_at);
      write.changed("agent_tokens", token.organization, token.id.value);
      return {};
    });
  }

  Task<Result<std::optional<AgentToken>>> find_by_hash(std::string hash) override {
    using Found = std::optional<AgentToken>;
    co_return co_await tables_.read<Found>([&](Database& database) -> Result<Found> {
      Rows row = database.query(
          "SELECT id, organization, member, name, hash, scopes, created_at, expires_at, revoked_at "
          "FROM agent_tokens WHERE hash = ?",
          hash);
      if (!row.next()) return Found();
      return Found(read(row));
    });
  }

  Task<Result<std::vector<AgentToken>>> list(OrganizationId organization) override {
    using Found = std::vector<AgentToken>;
    co_return co_await tables_.read<Found>([&](Database& database) -> Result<Found> {
      Rows row = database.query(
          "SELECT id, organization, member, name, hash, scopes, created_at, expires_at, revoked_at "
          "FROM agent_tokens WHERE organization = ? ORDER BY number",
          organization.value);
      Found found;
      while (row.next()) found.push_back(read(row));
      return found;
    });
  }

  Task<Result<void>> revoke(OrganizationId organization, TokenId id, SystemTime now) override {
    co_return co_await tables_.write<void>([&](SqliteWrite& write) -> Result<void> {
      const int updated = write.database.run(
          "UPDATE agent_tokens SET revoked_at = COALESCE(revoked_at, ?) "
          "WHERE organization = ? AND id = ?",
          now, organization.value, id.value);
      if (updated == 0)
        return fail(Errc::not_found, "there is no such token", "see gatehouse token list");
      write.changed("agent_tokens", organization, id.value);
      return {};
    });
  }

 private:
  static AgentToken read(Rows& row) {
    AgentToken token;
    token.id.value = row.text();
    token.organization.value = row.text();
    token.member.value = row.text();
    token.name = row.text();
    token.hash = row.text();
    // Damaged scopes grant nothing.
    token.scopes = decode_texts(row.text()).value_or(std::vector<std::string>{});
    token.created_at = row.time();
    token.expires_at = row.maybe_time();
    token.revoked_at = row.maybe_time();
    return token;
  }

  SqliteTables& tables_;
};

}  // namespace

std::unique_ptr<AgentTokenStore> make_sqlite_agent_tokens(SqliteTables& tables) {
  return std::make_unique<SqliteAgentTokens>(tables);
}

}  // namespace gatehouse::vault
