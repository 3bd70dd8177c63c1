// SqliteTables: what the SQLite stores share: two connections to the file (one writes, one reads),
// each used by one worker at a time, and the one way to write, which numbers its changes in the
// same transaction. Used only by sqlite_*.cpp.
#pragma once

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
      const std::lock_guard lock(reader_mutex_);
      Transaction transaction(*reader_, Transaction::Kind::read);
      if (reader_->failure()) return std::unexpected(*reader_->failure());
      Result<T> result = body(*reader_);
      if (auto ended = transaction.commit(); !ended) return std::unexpected(ended.error());
      return result;
    });
  }

  /// Runs body(SqliteWrite&) -> Result<T> on a worker, within one durable transaction that is
  /// rolled back when the body returns an error. Listeners hear of the changes before the caller.
  template <class T, class F>
  Task<Result<T>> write(F body) {
    std::vector<Change> changes;
    Result<T> result = co_await workers_.run([&]() -> Result<T> {
      const std::lock_guard lock(writer_mutex_);
      Transaction transaction(*writer_, Transaction::Kind::write);
      if (writer_->failure()) return std::unexpected(*writer_->failure());
      SqliteWrite write{*writer_, {}};
      Result<T> made = body(write);
      if (writer_->failure()) return std::unexpected(*writer_->failure());
      if (!made) return made;
      if (auto ended = transaction.commit(); !ended) return std::unexpected(ended.error());
      changes = std::move(write.changes);
      return made;
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

 private:
  const Sealer sealer_;
  const StoreClocks clocks_;
  Logger& logger_;
  Workers& workers_;
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

}  // namespace gatehouse::vault
