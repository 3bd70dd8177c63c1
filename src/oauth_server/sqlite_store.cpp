#include "oauth_server/sqlite_store.hpp"

#include <array>

namespace gatehouse::oauth_server {
namespace {

using vault::Database;
using vault::Rows;
using vault::Transaction;

constexpr std::array<vault::Migration, 1> kMigrations{{{1, R"sql(
CREATE TABLE clients (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, redirect_uris TEXT NOT NULL, auth_method TEXT NOT NULL,
  secret_hash TEXT NOT NULL, may_refresh INTEGER NOT NULL, created INTEGER NOT NULL);
CREATE TABLE codes (
  hash TEXT PRIMARY KEY, grant_id TEXT NOT NULL, client_id TEXT NOT NULL, subject TEXT NOT NULL,
  scope TEXT NOT NULL, resource TEXT NOT NULL, redirect_uri TEXT NOT NULL,
  challenge TEXT NOT NULL, expires INTEGER NOT NULL, used INTEGER NOT NULL);
CREATE TABLE tokens (
  hash TEXT PRIMARY KEY, kind TEXT NOT NULL, grant_id TEXT NOT NULL, client_id TEXT NOT NULL,
  subject TEXT NOT NULL, scope TEXT NOT NULL, resource TEXT NOT NULL, expires INTEGER NOT NULL,
  consumed INTEGER NOT NULL);
CREATE INDEX tokens_by_grant ON tokens (grant_id);
)sql"}}};

/// Redirect URIs hold no white space, so a line feed separates them.
std::string join(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out.append(out.empty() ? "" : "\n").append(line);
  return out;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

Permission read_permission(Rows& rows) {
  Permission permission;
  permission.grant_id = rows.text();
  permission.client_id = rows.text();
  permission.subject = rows.text();
  permission.scope = rows.text();
  permission.resource = rows.text();
  return permission;
}

std::optional<Token> read_token(Database& database, const std::string& hash) {
  Rows rows = database.query(
      "SELECT kind, grant_id, client_id, subject, scope, resource, expires, consumed FROM tokens "
      "WHERE hash = ?",
      hash);
  if (!rows.next()) return std::nullopt;
  Token token{.hash = hash};
  token.kind = rows.text() == "access" ? TokenKind::access : TokenKind::refresh;
  token.permission = read_permission(rows);
  token.expires = rows.time();
  token.consumed = rows.flag();
  return token;
}

void insert(Database& database, const Token& token, std::size_t most) {
  const Permission& p = token.permission;
  database.run("INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", token.hash,
               token.kind == TokenKind::access ? "access" : "refresh", p.grant_id, p.client_id,
               p.subject, p.scope, p.resource, token.expires, token.consumed);
  database.run(
      "DELETE FROM tokens WHERE rowid <= (SELECT rowid FROM tokens ORDER BY rowid DESC LIMIT 1 "
      "OFFSET ?)",
      static_cast<std::int64_t>(most));
}

}  // namespace

SqliteStore::SqliteStore(std::unique_ptr<Database> database, StoreLimits limits)
    : database_(std::move(database)), limits_(limits) {}

SqliteStore::~SqliteStore() = default;

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::filesystem::path& file,
                                                       SystemTime now, StoreLimits limits) {
  auto database = Database::open(file);
  if (!database) return std::unexpected(database.error());
  if (const auto done = vault::migrate(**database, kMigrations, now); !done) {
    return std::unexpected(done.error());
  }
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(*database), limits));
}

Task<Result<void>> SqliteStore::write(std::function<void(Database&)> body) {
  co_return co_await worker_.run([this, &body]() -> Result<void> {
    Transaction transaction(*database_, Transaction::Kind::write);
    body(*database_);
    return transaction.commit();
  });
}

Task<Result<void>> SqliteStore::add_client(Client client) {
  co_return co_await write([this, &client](Database& database) {
    database.run("INSERT INTO clients VALUES (?, ?, ?, ?, ?, ?, ?)", client.id, client.name,
                 join(client.redirect_uris), to_string(client.auth_method), client.secret_hash,
                 client.may_refresh, client.created);
    database.run(
        "DELETE FROM clients WHERE rowid <= (SELECT rowid FROM clients ORDER BY rowid DESC LIMIT 1 "
        "OFFSET ?)",
        static_cast<std::int64_t>(limits_.clients));
  });
}

Task<Result<std::optional<Client>>> SqliteStore::find_client(std::string id) {
  std::optional<Client> found;
  const auto read = co_await write([&](Database& database) {
    Rows rows = database.query(
        "SELECT name, redirect_uris, auth_method, secret_hash, may_refresh, created FROM clients "
        "WHERE id = ?",
        id);
    if (!rows.next()) return;
    Client& client = found.emplace();
    client.id = id;
    client.name = rows.text();
    client.redirect_uris = split(rows.text());
    client.auth_method = oauth::parse_auth_method(rows.text())
                             .value_or(oauth::ClientAuthMethod::client_secret_basic);
    client.secret_hash = rows.text();
    client.may_refresh = rows.flag();
    client.created = rows.time();
  });
  if (!read) co_return std::unexpected(read.error());
  co_return found;
}

Task<Result<void>> SqliteStore::add_code(Code code) {
  co_return co_await write([this, &code](Database& database) {
    const Permission& p = code.permission;
    database.run("INSERT INTO codes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)", code.hash, p.grant_id,
                 p.client_id, p.subject, p.scope, p.resource, code.redirect_uri, code.challenge,
                 code.expires);
    database.run(
        "DELETE FROM codes WHERE rowid <= (SELECT rowid FROM codes ORDER BY rowid DESC LIMIT 1 "
        "OFFSET ?)",
        static_cast<std::int64_t>(limits_.codes));
  });
}

Task<Result<TakenCode>> SqliteStore::take_code(std::string hash) {
  TakenCode taken;
  const auto done = co_await write([&](Database& database) {
    {
      Rows rows = database.query(
          "SELECT grant_id, client_id, subject, scope, resource, redirect_uri, challenge, expires, "
          "used FROM codes WHERE hash = ?",
          hash);
      if (!rows.next()) return;
      taken.code.hash = hash;
      taken.code.permission = read_permission(rows);
      taken.code.redirect_uri = rows.text();
      taken.code.challenge = rows.text();
      taken.code.expires = rows.time();
      taken.taken = rows.flag() ? Taken::used : Taken::fresh;
    }
    database.run("UPDATE codes SET used = 1 WHERE hash = ?", hash);
  });
  if (!done) co_return std::unexpected(done.error());
  co_return taken;
}

Task<Result<void>> SqliteStore::add_tokens(Token access, std::optional<Token> refresh) {
  co_return co_await write([&, this](Database& database) {
    insert(database, access, limits_.tokens);
    if (refresh) insert(database, *refresh, limits_.tokens);
  });
}

Task<Result<std::optional<Token>>> SqliteStore::find_token(std::string hash) {
  std::optional<Token> found;
  const auto read = co_await write([&](Database& database) { found = read_token(database, hash); });
  if (!read) co_return std::unexpected(read.error());
  co_return found;
}

Task<Result<Rotation>> SqliteStore::rotate(std::string refresh_hash, Token access, Token refresh) {
  Rotation rotation = Rotation::absent;
  const auto done = co_await write([&, this](Database& database) {
    const std::optional<Token> old = read_token(database, refresh_hash);
    if (!old || old->kind != TokenKind::refresh) return;
    rotation = old->consumed ? Rotation::reused : Rotation::done;
    if (old->consumed) return;
    database.run("UPDATE tokens SET consumed = 1 WHERE hash = ?", refresh_hash);
    insert(database, access, limits_.tokens);
    insert(database, refresh, limits_.tokens);
  });
  if (!done) co_return std::unexpected(done.error());
  co_return rotation;
}

Task<Result<void>> SqliteStore::revoke_grant(std::string grant_id) {
  co_return co_await write(
      [&](Database& database) { database.run("DELETE FROM tokens WHERE grant_id = ?", grant_id); });
}

Task<Result<void>> SqliteStore::revoke_token(std::string hash) {
  co_return co_await write(
      [&](Database& database) { database.run("DELETE FROM tokens WHERE hash = ?", hash); });
}

Task<Result<void>> SqliteStore::sweep(SystemTime now) {
  co_return co_await write([&](Database& database) {
    database.run("DELETE FROM codes WHERE expires <= ?", now);
    database.run("DELETE FROM tokens WHERE expires <= ?", now);
  });
}

}  // namespace gatehouse::oauth_server
