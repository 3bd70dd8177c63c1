#include "vault/sqlite_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "vault/key_store.hpp"
#include "vault/record_names.hpp"
#include "vault/sqlite_sealed_rows.hpp"
#include "vault/sqlite_tables.hpp"

namespace gatehouse::vault {
namespace {

constexpr NameTable<KeyState, 3> kKeyStateNames{{
    {KeyState::current, "current"},
    {KeyState::older, "older"},
    {KeyState::retired, "retired"},
}};
constexpr const char* kRequestStates = "request state";  // the purpose, see MasterKey::derive
constexpr int kRowsAtOnce = 200;

Place wrapped_place(std::string_view id) {
  return {
      .organization = "", .table = "master_keys", .column = "wrapped", .row = id, .bound_to = {}};
}

Place request_states_place(std::string_view id) {
  return {.organization = "",
          .table = "master_keys",
          .column = "request_states",
          .row = id,
          .bound_to = {}};
}

std::string state_text(KeyState state) {
  return std::string(name_in(kKeyStateNames, state));
}

/// Holds the store's current key and seals with it, if there is a way to it.
bool learn_current(Database& database, const Sealer& sealer) {
  Rows row = database.query("SELECT id, wrapped FROM master_keys WHERE state = 'current'");
  if (!row.next()) return true;
  const std::string id = row.text();
  const std::optional<std::string> wrapped = row.maybe_text();
  if (sealer.keys().seal_with(id)) return true;
  if (!wrapped) return false;
  Result<Secret> bytes = sealer.open(*wrapped, wrapped_place(id));
  if (!bytes) return false;
  const Result<MasterKey> key = MasterKey::from_bytes(std::move(*bytes));
  if (!key || key->id() != id) return false;
  sealer.keys().add(*key);
  return sealer.keys().seal_with(id);
}

std::optional<KeyState> state_of(Database& database, std::string_view id) {
  Rows row = database.query("SELECT state FROM master_keys WHERE id = ?", Blob{id});
  if (!row.next()) return std::nullopt;
  return value_in(kKeyStateNames, row.text());
}

/// The row's readable secrets under the key that seals now; nothing when none is to be changed.
std::optional<std::vector<SealedColumn>> sealed_anew(const Sealer& sealer, const SealedTable& table,
                                                     const SealedRow& row) {
  const std::string current = sealer.keys().current_id();
  std::vector<SealedColumn> anew;
  for (const SealedColumn& column : row.columns) {
    const Result<Envelope> envelope = parse_envelope(column.sealed);
    if (envelope && envelope->key_id == current) continue;
    const Place place = place_of(table, row, column);
    const Result<Secret> plain = sealer.open(column.sealed, place);
    if (!plain) continue;  // stays as it is; the others must not depend on the retired key
    anew.push_back({column.name, sealer.seal(plain->reveal(), place)});
  }
  if (anew.empty()) return std::nullopt;
  return anew;
}

ResealStep reseal_some(Database& database, const Sealer& sealer, ResealCursor cursor, int at_most) {
  ResealStep step{.next = cursor};
  const std::vector<SealedTable>& tables = sealed_tables();
  while (at_most > 0 && step.next.table < static_cast<int>(tables.size())) {
    const SealedTable& table = tables[static_cast<std::size_t>(step.next.table)];
    const std::vector<SealedRow> rows = table.read(database, step.next.row, at_most);
    for (const SealedRow& row : rows) {
      step.next.row = row.number;
      const auto anew = sealed_anew(sealer, table, row);
      if (!anew) continue;
      for (const SealedColumn& column : *anew)
        database.run(fmt::format("UPDATE {} SET {} = ? WHERE rowid = ?", table.name, column.name),
                     Blob{column.sealed}, row.number);
      if (std::string_view(table.name) != "master_keys") ++step.resealed;
    }
    at_most -= static_cast<int>(rows.size());
    if (at_most > 0) step.next = {step.next.table + 1, 0};
  }
  step.done = step.next.table >= static_cast<int>(tables.size());
  return step;
}

class SqliteKeys final : public KeyStore {
 public:
  explicit SqliteKeys(SqliteTables& tables) : tables_(tables) {}

  Task<Result<KeyInventory>> inventory() override {
    co_return co_await tables_.read<KeyInventory>([&](Database& database) -> Result<KeyInventory> {
      KeyInventory found;
      Rows row = database.query("SELECT id, state, since FROM master_keys ORDER BY number");
      while (row.next()) {
        KeyRecord& key = found.keys.emplace_back();
        key.id = row.text();
        key.state = value_in(kKeyStateNames, row.text()).value_or(KeyState::older);
        key.since = row.time();
        key.held = keys().find(key.id).has_value();
      }
      for (const SealedTable& table : sealed_tables()) count(database, table, found);
      return found;
    });
  }

  Task<Result<void>> begin(MasterKey next) override {
    const SystemTime now = tables_.clocks().wall.now();
    Result<void> begun = co_await tables_.write<void>([&](SqliteWrite& write) -> Result<void> {
      const std::optional<KeyState> state = state_of(write.database, next.id());
      if (state == KeyState::retired)
        return fail(Errc::policy, "this key was used before and is retired", "make a new one");
      const std::string before = keys().current_id();
      if (before == next.id()) return {};
      const std::string wrapped =
          tables_.sealer().seal(next.bytes().reveal(), wrapped_place(next.id()));
      write.database.run(
          "INSERT INTO master_keys (id, state, since) VALUES (?, 'older', ?) "
          "ON CONFLICT (id) DO NOTHING",
          Blob{before}, now);
      write.database.run(
          "UPDATE master_keys SET state = 'older', since = ?, wrapped = NULL "
          "WHERE state = 'current'",
          now);
      write.database.run(
          "INSERT INTO master_keys (id, state, since, wrapped) VALUES (?1, 'current', ?2, ?3) "
          "ON CONFLICT (id) DO UPDATE SET state = 'current', since = ?2, wrapped = ?3",
          Blob{next.id()}, now, Blob{wrapped});
      write.changed("master_keys", local_organization(), hex_encode(next.id()));
      return {};
    });
    if (!begun) co_return begun;
    keys().add(next);
    keys().seal_with(next.id());
    co_return begun;
  }

  Task<Result<ResealStep>> reseal(ResealCursor cursor, int at_most) override {
    co_return co_await tables_.write<ResealStep>([&](SqliteWrite& write) -> Result<ResealStep> {
      return reseal_some(write.database, tables_.sealer(), cursor, at_most);
    });
  }

  Task<Result<void>> finish() override {
    const SystemTime now = tables_.clocks().wall.now();
    Result<void> finished = co_await tables_.write<void>([&](SqliteWrite& write) -> Result<void> {
      ResealStep step;
      while (!step.done)
        step = reseal_some(write.database, tables_.sealer(), step.next, kRowsAtOnce);
      write.database.run("UPDATE master_keys SET wrapped = NULL");
      write.database.run("UPDATE master_keys SET request_states = NULL WHERE since <= ?",
                         now - limits::kAuthorizationLife);
      for (const std::string& id : older(write.database)) retire(write.database, id, now);
      write.changed("master_keys", local_organization(), hex_encode(keys().current_id()));
      return {};
    });
    // What was overwritten leaves the log as well; where readers are in the way, a little later.
    if (finished) (void)co_await tables_.checkpoint();
    co_return finished;
  }

 private:
  HeldKeys& keys() const { return tables_.sealer().keys(); }

  static std::vector<std::string> older(Database& database) {
    std::vector<std::string> ids;
    Rows row = database.query("SELECT id FROM master_keys WHERE state = 'older'");
    while (row.next()) ids.push_back(row.text());
    return ids;
  }

  void retire(Database& database, const std::string& id, SystemTime now) const {
    std::optional<std::string> request_states;
    if (const std::optional<Secret> key = keys().find_derived(id, kRequestStates))
      request_states = tables_.sealer().seal(key->reveal(), request_states_place(id));
    database.run(
        "UPDATE master_keys SET state = 'retired', since = ?, request_states = ? WHERE id = ?", now,
        to_blob(request_states), Blob{id});
  }

  void count(Database& database, const SealedTable& table, KeyInventory& found) const {
    std::map<std::string, SealedRows> by_key;
    std::int64_t after = 0;
    for (;;) {
      const std::vector<SealedRow> rows = table.read(database, after, kRowsAtOnce);
      for (const SealedRow& row : rows) count_row(table, row, by_key, found);
      if (rows.size() < static_cast<std::size_t>(kRowsAtOnce)) break;
      after = rows.back().number;
    }
    for (auto& [id, counted] : by_key) found.rows.push_back(std::move(counted));
  }

  void count_row(const SealedTable& table, const SealedRow& row,
                 std::map<std::string, SealedRows>& by_key, KeyInventory& found) const {
    if (row.columns.empty()) return;
    std::string key_id = keys().current_id();
    std::string problem;
    for (const SealedColumn& column : row.columns) {
      const Result<Envelope> envelope = parse_envelope(column.sealed);
      const std::string id = envelope ? std::string(envelope->key_id) : std::string();
      if (id != keys().current_id()) key_id = id;
      const Result<Secret> opened =
          tables_.sealer().open(column.sealed, place_of(table, row, column));
      if (!opened && problem.empty()) problem = opened.error().detail;
    }
    SealedRows& counted = by_key[key_id];
    counted.table = table.name;
    counted.key_id = key_id;
    ++counted.rows;
    if (problem.empty()) return;
    ++counted.unreadable;
    if (found.unreadable.size() < kUnreadableListed)
      found.unreadable.push_back({table.name, row.name, problem});
  }

  SqliteTables& tables_;
};

}  // namespace

KeyStand follow_key(Database& database, const Sealer& sealer) {
  const std::optional<KeyState> state = state_of(database, sealer.keys().current_id());
  if (!state || *state == KeyState::current) return KeyStand::fine;
  return learn_current(database, sealer) ? KeyStand::fine : KeyStand::missing;
}

Error key_was_replaced() {
  return {Errc::policy,
          "the store's key has been replaced by `gatehouse keys rotate`, and the key source of "
          "this process still gives the old one",
          "put the new key where this process reads it (see `gatehouse keys status`) and start it "
          "again"};
}

Result<OpenedKeys> settle_keys(Database& database, const Sealer& sealer, SystemTime now) {
  const std::string ours = sealer.keys().current_id();
  OpenedKeys opened;
  bool empty = true;
  bool known = false;
  {
    Rows row = database.query("SELECT id, state, since, request_states FROM master_keys");
    while (row.next()) {
      empty = false;
      const std::string id = row.text();
      const std::string state = row.text();
      const SystemTime since = row.time();
      const std::optional<std::string> sealed = row.maybe_text();
      known |= id == ours;
      if (state == state_text(KeyState::current) && sealer.keys().seal_with(id)) known = true;
      if (!sealed || now - since >= limits::kAuthorizationLife) continue;
      Result<Secret> key = sealer.open(*sealed, request_states_place(id));
      if (key) sealer.keys().keep_derived(id, kRequestStates, std::move(*key));
    }
  }
  if (empty) {
    // Another process may be first; then its key stays the one that seals.
    database.run(
        "INSERT INTO master_keys (id, state, since) SELECT ?, 'current', ? "
        "WHERE NOT EXISTS (SELECT 1 FROM master_keys)",
        Blob{ours}, now);
  }
  if (!known && !empty) opened.unknown = true;
  const KeyStand stand = follow_key(database, sealer);
  if (database.failure()) return std::unexpected(*database.failure());
  if (stand == KeyStand::missing) return std::unexpected(key_was_replaced());
  return opened;
}

std::unique_ptr<KeyStore> make_sqlite_keys(SqliteTables& tables) {
  return std::make_unique<SqliteKeys>(tables);
}

}  // namespace gatehouse::vault
