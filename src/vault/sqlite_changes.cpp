#include <fmt/format.h>

#include "vault/sqlite_tables.hpp"

namespace gatehouse::vault {
namespace {

class SqliteChanges final : public ChangeFeed {
 public:
  explicit SqliteChanges(SqliteTables& tables) : tables_(tables) {}

  Task<Result<std::int64_t>> last_number() override {
    co_return co_await tables_.read<std::int64_t>([](Database& database) -> Result<std::int64_t> {
      Rows last = database.query("SELECT COALESCE(MAX(number), 0) FROM changes");
      return last.next() ? last.integer() : 0;
    });
  }

  Task<Result<std::vector<Change>>> changes_after(std::int64_t number) override {
    co_return co_await tables_.look<std::vector<Change>>(
        [&](Database& database) { return look(database, number); });
  }

  std::shared_ptr<void> listen(std::function<void(const Change&)> on_change) override {
    return tables_.listeners().add(std::move(on_change));
  }

 private:
  /// On the reading connection only, which tables_.look() guards; so it guards seen_, too.
  Result<std::vector<Change>> look(Database& database, std::int64_t number) {
    // The version is read first: what is committed in between shows at the next call.
    std::int64_t version = 0;
    {
      Rows rows = database.query("PRAGMA data_version");
      if (rows.next()) version = rows.integer();
    }
    if (database.failure()) return std::unexpected(*database.failure());
    if (seen_ && seen_->data_version == version && seen_->last == number)
      return std::vector<Change>{};
    Transaction transaction(database, Transaction::Kind::read);
    // A new key is learned while the store still gives it, also by a process that has nothing to
    // do.
    (void)follow_key(database, tables_.sealer());
    std::int64_t first = 0;
    std::int64_t last = 0;
    {
      Rows rows =
          database.query("SELECT COALESCE(MIN(number), 1), COALESCE(MAX(number), 0) FROM changes");
      if (rows.next()) {
        first = rows.integer();
        last = rows.integer();
      }
    }
    if (database.failure()) return std::unexpected(*database.failure());
    if (number + 1 < first || number > last)
      return fail(Errc::not_found, fmt::format("changes after {} are not kept", number));
    std::vector<Change> found;
    Rows rows = database.query(
        "SELECT number, table_name, organization, row_id FROM changes WHERE number > ? "
        "ORDER BY number LIMIT ?",
        number, static_cast<std::int64_t>(kChangesAtOnce));
    while (rows.next()) {
      Change change;
      change.number = rows.integer();
      change.table = rows.text();
      change.organization.value = rows.text();
      change.id = rows.text();
      found.push_back(std::move(change));
    }
    if (auto ended = transaction.commit(); !ended) return std::unexpected(ended.error());
    seen_ = Seen{version, last};
    return found;
  }

  struct Seen {
    std::int64_t data_version;
    std::int64_t last;  ///< the newest number of that version
  };

  SqliteTables& tables_;
  std::optional<Seen> seen_;
};

}  // namespace

std::unique_ptr<ChangeFeed> make_sqlite_changes(SqliteTables& tables) {
  return std::make_unique<SqliteChanges>(tables);
}

}  // namespace gatehouse::vault
