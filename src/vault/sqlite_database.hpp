// Database and Rows: SQLite as values and Results. Used by the SQLite stores, and by whoever keeps
// tables in a file of their own. One thread at a time; blocking: call it on a worker.
//
// Failures stick: after the first one every further statement does nothing, and failure() or
// Transaction::commit() tells. So a body of several statements checks once, at its end.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace gatehouse::vault {

/// Bytes, where a string_view is text.
struct Blob {
  std::string_view bytes;
};
/// NULL for nothing. The text must outlive the call.
inline std::optional<Blob> to_blob(const std::optional<std::string>& text) {
  return text ? std::optional<Blob>(Blob{*text}) : std::nullopt;
}

class Database;

/// The rows of one query, stepped through once; the statement is free again at the end.
class Rows final {
 public:
  Rows(Database& database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  ~Rows();
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  /// False at the end and after a failure.
  bool next();
  // Columns of the current row, from left to right: each call takes the next one. NULL is empty, 0
  // or nothing.
  std::string text();
  std::int64_t integer();
  bool flag() { return integer() != 0; }
  SystemTime time() { return SystemTime{std::chrono::milliseconds{integer()}}; }
  std::optional<std::string> maybe_text();
  std::optional<SystemTime> maybe_time();

 private:
  bool at_null() const;
  Database& database_;
  sqlite3_stmt* statement_;
  int column_ = 0;
};

class Database final {
 public:
  enum class Access { read, write };

  /// Opens or creates (0600) the file, which and whose directory (0700, created when missing) only
  /// we may read. WAL, foreign keys, full durability, deleted content overwritten. Waits up to
  /// `busy_wait` for other processes. Errors: policy, storage.
  static Result<std::unique_ptr<Database>> open(
      const std::filesystem::path& path, Access access = Access::write,
      std::chrono::milliseconds busy_wait = std::chrono::seconds{10});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Arguments fill the question marks: text, Blob, integers, flags, times, and optionals of them.
  /// Statements are prepared once. The same text must not be under way twice.
  template <class... Arguments>
  Rows query(std::string_view sql, const Arguments&... arguments) {
    return Rows(*this, bind_all(sql, arguments...));
  }
  /// Runs it to its end; the number of rows changed.
  template <class... Arguments>
  int run(std::string_view sql, const Arguments&... arguments) {
    sqlite3_stmt* statement = bind_all(sql, arguments...);
    return finish(statement);
  }
  /// Several statements without arguments.
  void execute(const std::string& script);

  const std::optional<Error>& failure() const { return failure_; }
  void clear_failure() { failure_.reset(); }

 private:
  friend class Rows;
  Database(sqlite3* handle, std::filesystem::path path) : handle_(handle), path_(std::move(path)) {}
  Result<void> configure(Access access, std::chrono::milliseconds busy_wait);

  template <class... Arguments>
  sqlite3_stmt* bind_all(std::string_view sql, const Arguments&... arguments) {
    sqlite3_stmt* statement = prepare(sql);
    int index = 0;
    (bind(statement, ++index, arguments), ...);
    return failure_ ? nullptr : statement;
  }
  sqlite3_stmt* prepare(std::string_view sql);
  void bind(sqlite3_stmt* statement, int index, std::string_view text);
  void bind(sqlite3_stmt* statement, int index, const std::string& text) {
    bind(statement, index, std::string_view(text));
  }
  void bind(sqlite3_stmt* statement, int index, const char* text) {
    bind(statement, index, std::string_view(text));
  }
  void bind(sqlite3_stmt* statement, int index, Blob blob);
  void bind(sqlite3_stmt* statement, int index, std::int64_t number);
  void bind(sqlite3_stmt* statement, int index, int number) {
    bind(statement, index, std::int64_t{number});
  }
  void bind(sqlite3_stmt* statement, int index, bool flag) {
    bind(statement, index, std::int64_t{flag ? 1 : 0});
  }
  void bind(sqlite3_stmt* statement, int index, SystemTime time) {
    bind(statement, index, std::int64_t{time.time_since_epoch().count()});
  }
  template <class T>
  void bind(sqlite3_stmt* statement, int index, const std::optional<T>& value) {
    if (value) {
      bind(statement, index, *value);
    } else {
      bind_null(statement, index);
    }
  }
  void bind_null(sqlite3_stmt* statement, int index);
  int finish(sqlite3_stmt* statement);
  void fail_with(int code);

  sqlite3* handle_;
  std::filesystem::path path_;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
  std::optional<Error> failure_;
};

/// One transaction; rolled back unless committed. Clears an earlier failure.
class Transaction final {
 public:
  enum class Kind { read, write, exclusive };
  Transaction(Database& database, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  /// The first failure since the beginning, if there was one; then nothing has been changed.
  Result<void> commit();

 private:
  Database& database_;
  bool open_ = true;
};

/// One step of a schema; forward only, never edited once released.
struct Migration {
  int version;  ///< 1, 2, 3, … without gaps
  const char* sql;
};

/// Brings the schema up to date; several processes may do so at once. unsupported when the file was
/// written by a newer Gatehouse; storage.
Result<void> migrate(Database& database, std::span<const Migration> migrations, SystemTime now);

}  // namespace gatehouse::vault
