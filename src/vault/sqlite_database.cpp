#include "vault/sqlite_database.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "vault/private_file.hpp"

namespace gatehouse::vault {
namespace {

Error make_error(int code, const std::string& path, const char* message) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Errc::storage, fmt::format("the database {} is busy", path),
              "try again; if it stays so, another process holds it: fuser -v '" + path + "'"};
    case SQLITE_FULL:
      return {Errc::storage, fmt::format("the disk that holds {} is full", path),
              "free some space; nothing was changed"};
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return {Errc::storage, fmt::format("the database {} cannot be written: {}", path, message),
              "check the rights of the file, its directory and its disk"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Errc::storage, fmt::format("the database {} is damaged: {}", path, message),
              "restore it from a backup, or move it away to begin anew and sign in again"};
    case SQLITE_CONSTRAINT:
      return {Errc::conflict, fmt::format("a rule of the database refuses this: {}", message), ""};
    default:
      return {Errc::storage, fmt::format("the database {} failed: {}", path, message), ""};
  }
}

/// SQLite would create it with the process's umask.
Result<void> create_private(const std::filesystem::path& path) {
  const Result<bool> exists = check_private_file(path);
  if (!exists) return std::unexpected(exists.error());
  if (*exists) return {};
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 && errno != EEXIST)
    return fail(Errc::storage,
                fmt::format("cannot create {}: {}", path.string(), std::strerror(errno)),
                "check the rights of its directory");
  if (file >= 0) ::close(file);
  return {};
}

}  // namespace

Rows::~Rows() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Rows::next() {
  if (statement_ == nullptr || database_.failure_) return false;
  column_ = 0;
  const int code = sqlite3_step(statement_);
  if (code != SQLITE_ROW && code != SQLITE_DONE) database_.fail_with(code);
  return code == SQLITE_ROW;
}

bool Rows::at_null() const {
  return sqlite3_column_type(statement_, column_) == SQLITE_NULL;
}

std::string Rows::text() {
  const int column = column_++;
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

std::int64_t Rows::integer() {
  return sqlite3_column_int64(statement_, column_++);
}

std::optional<std::string> Rows::maybe_text() {
  const bool null = at_null();
  std::string value = text();
  return null ? std::nullopt : std::optional(std::move(value));
}

std::optional<SystemTime> Rows::maybe_time() {
  const bool null = at_null();
  const SystemTime value = time();
  return null ? std::nullopt : std::optional(value);
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path, Access access,
                                                 std::chrono::milliseconds busy_wait) {
  if (path.has_parent_path()) {
    if (auto made = make_private_directory(path.parent_path()); !made)
      return std::unexpected(made.error());
  }
  if (auto created = create_private(path); !created) return std::unexpected(created.error());
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Database> database(new Database(handle, path));
  if (code != SQLITE_OK)
    return std::unexpected(make_error(code, path.string(), sqlite3_errstr(code)));
  sqlite3_extended_result_codes(handle, 1);
  if (auto configured = database->configure(access, busy_wait); !configured)
    return std::unexpected(configured.error());
  return database;
}

Result<void> Database::configure(Access access, std::chrono::milliseconds busy_wait) {
  sqlite3_busy_timeout(handle_, static_cast<int>(busy_wait.count()));
  // SQLite does not wait where a wait could be a deadlock, and the change to WAL by several
  // processes that start at once is such a place.
  const auto deadline = std::chrono::steady_clock::now() + busy_wait;
  for (;;) {
    clear_failure();
    execute("PRAGMA journal_mode=WAL");
    const bool busy = failure_ && sqlite3_errcode(handle_) == SQLITE_BUSY;
    if (!busy || std::chrono::steady_clock::now() > deadline) break;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  execute(
      "PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
      "PRAGMA trusted_schema=OFF");
  if (access == Access::read) execute("PRAGMA query_only=ON");
  if (failure_) return std::unexpected(*failure_);
  return {};
}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

void Database::fail_with(int code) {
  if (!failure_) failure_ = make_error(code, path_.string(), sqlite3_errmsg(handle_));
}

void Database::execute(const std::string& script) {
  if (failure_) return;
  const int code = sqlite3_exec(handle_, script.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail_with(code);
}

sqlite3_stmt* Database::prepare(std::string_view sql) {
  if (failure_) return nullptr;
  const auto known = statements_.find(sql);
  if (known != statements_.end()) return known->second;
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    fail_with(code);
    return nullptr;
  }
  statements_.emplace(sql, statement);
  return statement;
}

void Database::bind(sqlite3_stmt* statement, int index, std::string_view text) {
  if (statement == nullptr) return;
  const int code = sqlite3_bind_text64(statement, index, text.empty() ? "" : text.data(),
                                       text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) fail_with(code);
}

void Database::bind(sqlite3_stmt* statement, int index, Blob blob) {
  if (statement == nullptr) return;
  const int code =
      sqlite3_bind_blob64(statement, index, blob.bytes.empty() ? "" : blob.bytes.data(),
                          blob.bytes.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) fail_with(code);
}

void Database::bind(sqlite3_stmt* statement, int index, std::int64_t number) {
  if (statement != nullptr && sqlite3_bind_int64(statement, index, number) != SQLITE_OK)
    fail_with(sqlite3_errcode(handle_));
}

void Database::bind_null(sqlite3_stmt* statement, int index) {
  if (statement != nullptr && sqlite3_bind_null(statement, index) != SQLITE_OK)
    fail_with(sqlite3_errcode(handle_));
}

int Database::finish(sqlite3_stmt* statement) {
  Rows rows(*this, statement);
  while (rows.next()) {
  }
  return failure_ ? 0 : sqlite3_changes(handle_);
}

Transaction::Transaction(Database& database, Kind kind) : database_(database) {
  database_.clear_failure();
  database_.run(kind == Kind::read    ? "BEGIN"
                : kind == Kind::write ? "BEGIN IMMEDIATE"
                                      : "BEGIN EXCLUSIVE");
}

Transaction::~Transaction() {
  if (!open_) return;
  // Fails when SQLite has rolled back by itself already, or when BEGIN failed.
  database_.clear_failure();
  database_.run("ROLLBACK");
  database_.clear_failure();
}

Result<void> Transaction::commit() {
  if (!database_.failure()) {
    database_.run("COMMIT");
    open_ = database_.failure().has_value();
  }
  if (database_.failure()) return std::unexpected(*database_.failure());
  return {};
}

}  // namespace gatehouse::vault
