// SqliteTables: what the SQLite stores share: two connections to the file (one writes, one reads),
// each used by one worker at a time, and the one way to write, which numbers its changes in the
// same transaction. Used only by sqlite_*.cpp.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/workers.hpp"
#include "base/log.hpp"
#include "vault/boot_clock.hpp"
#include "vault/change_listeners.hpp"
#include "vault/sealer.hpp"
#include "vault/sqlite_database.hpp"
#include "vault/sqlite_keys.hpp"
#include "vault/store.hpp"

namespace gatehouse::vault {

/// A write under way: the database inside a transaction, and what it changed.
struct SqliteWrite {
  Database& database;
  std::vector<Change> changes;
  void changed(std::string table, const OrganizationId& organization, const std::string& id);
};

class SqliteTables final {
 public:
  SqliteTables(std::unique_ptr<Database> writer, std::unique_ptr<Database> reader, Sealer sealer,
               Workers& workers, Logger& logger, StoreClocks clocks)
      : sealer_(std::move(sealer)),
        clocks_(clocks),
        logger_(logger),
        workers_(workers),
        writer_(std::move(writer)),
        reader_(std::move(reader)) {}

  const Sealer& sealer() const { return sealer_; }
  const StoreClocks& clocks() const { return clocks_; }
  Logger& logger() { return logger_; }
  ChangeListeners& listeners() { return listeners_; }

  /// Runs body(Database&) -> Result<T> on a worker, within one read transaction. The body may use
  /// the caller's locals.
  template <class T, class F>
  Task<Result<T>> read(F body) {
    co_return co_await workers_.run([&]() -> Result<T> {
      std::optional<Result<T>> done = try_read<T>(body, WithoutKey::refuse);
      if (!done) {
        // Reading goes on all the same: what the new key seals then shows as unreadable.
        reload_keys();
        done = try_read<T>(body, WithoutKey::go_on);
      }
      return *std::move(done);
    });
  }

  /// Runs body(SqliteWrite&) -> Result<T> on a worker, within one durable transaction that is
  /// rolled back when the body returns an error. Listeners hear of the changes before the caller.
  /// policy when our key was replaced and the new one is not to be had.
  template <class T, class F>
  Task<Result<T>> write(F body) {
    std::vector<Change> changes;
    Result<T> result = co_await workers_.run([&]() -> Result<T> {
      std::optional<Result<T>> done = try_write<T>(body, changes);
      if (!done) {
        reload_keys();
        done = try_write<T>(body, changes);
      }
      if (!done) return std::unexpected(key_was_replaced());
      return *std::move(done);
    });
    listeners_.publish(changes);
    co_return result;
  }

  /// Runs body(Database&) -> Result<T> on a worker and the reading connection, without transaction.
  template <class T, class F>
  Task<Result<T>> look(F body) {
    co_return co_await workers_.run([&]() -> Result<T> {
      const std::lock_guard lock(reader_mutex_);
      reader_->clear_failure();
      Result<T> result = body(*reader_);
      if (reader_->failure()) return std::unexpected(*reader_->failure());
      return result;
    });
  }

  /// Moves what is in the write-ahead log into the file and empties the log.
  Task<Result<void>> checkpoint();

 private:
  enum class WithoutKey { refuse, go_on };

  /// Nothing when our key was replaced and the store does not give its successor.
  template <class T, class F>
  std::optional<Result<T>> try_read(F& body, WithoutKey otherwise) {
    const std::lock_guard lock(reader_mutex_);
    Transaction transaction(*reader_, Transaction::Kind::read);
    if (reader_->failure()) return Result<T>(std::unexpected(*reader_->failure()));
    const KeyStand stand = follow_key(*reader_, sealer_);
    if (stand == KeyStand::missing && otherwise == WithoutKey::refuse) return std::nullopt;
    Result<T> result = body(*reader_);
    if (auto ended = transaction.commit(); !ended) return Result<T>(std::unexpected(ended.error()));
    return result;
  }
  /// The same.
  template <class T, class F>
  std::optional<Result<T>> try_write(F& body, std::vector<Change>& changes) {
    const std::lock_guard lock(writer_mutex_);
    Transaction transaction(*writer_, Transaction::Kind::write);
    if (writer_->failure()) return Result<T>(std::unexpected(*writer_->failure()));
    if (follow_key(*writer_, sealer_) == KeyStand::missing) return std::nullopt;
    SqliteWrite write{*writer_, {}};
    Result<T> made = body(write);
    if (writer_->failure()) return Result<T>(std::unexpected(*writer_->failure()));
    if (!made) return made;
    if (auto ended = transaction.commit(); !ended) return Result<T>(std::unexpected(ended.error()));
    changes = std::move(write.changes);
    return made;
  }
  /// Asks the key source, which may take its time; not again at once when it had nothing new.
  void reload_keys();

  const Sealer sealer_;
  const StoreClocks clocks_;
  Logger& logger_;
  Workers& workers_;
  std::mutex reload_mutex_;
  std::chrono::milliseconds next_reload_{};  ///< by the boot clock
  ChangeListeners listeners_;
  std::mutex writer_mutex_;
  std::unique_ptr<Database> writer_;
  std::mutex reader_mutex_;
  std::unique_ptr<Database> reader_;
};

/// '' for the shared credential of the organization.
std::string owner_text(const CredentialKey& key);
std::optional<MemberId> owner_of(const std::string& text);
/// A list of texts as one blob, and back; nothing when it is damaged.
std::string encode_texts(const std::vector<std::string>& texts);
std::optional<std::vector<std::string>> decode_texts(std::string_view blob);
/// Whether the organization has this connection.
bool has_connection(Database& database, const OrganizationId& organization,
                    const ConnectionId& connection);
std::unexpected<Error> no_such_connection();

std::unique_ptr<ConnectionStore> make_sqlite_connections(SqliteTables& tables);
std::unique_ptr<CredentialStore> make_sqlite_credentials(SqliteTables& tables);
std::unique_ptr<RegistrationStore> make_sqlite_registrations(SqliteTables& tables);
std::unique_ptr<AuthorizationStore> make_sqlite_authorizations(SqliteTables& tables);
std::unique_ptr<AgentTokenStore> make_sqlite_agent_tokens(SqliteTables& tables);
std::unique_ptr<ChangeFeed> make_sqlite_changes(SqliteTables& tables);
std::unique_ptr<KeyStore> make_sqlite_keys(SqliteTables& tables);

}  // namespace gatehouse::vault
