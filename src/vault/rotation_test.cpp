// Replacing the master key of a SQLite store: other processes on it, kills at any moment, what is
// unreadable, and that no sealed column is forgotten.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "base/encoding.hpp"
#include "vault/file_lock.hpp"
#include "vault/rotate_keys.hpp"
#include "vault/sqlite_database.hpp"
#include "vault/store_contract.hpp"

namespace gatehouse::vault {
namespace {

class NoKeyring final : public SecretService {
 public:
  Result<Secret> look_up(const KeyringItem&) override { return none(); }
  Result<void> store(const KeyringItem&, const Secret&) override { return none(); }
  Result<void> erase(const KeyringItem&) override { return none(); }

 private:
  static std::unexpected<Error> none() { return fail(Errc::unsupported, "no keyring"); }
};

/// A store as a process opens it: key from the file, threads of its own.
struct Process {
  explicit Process(const std::filesystem::path& folder, std::string value = {}) {
    KeySources::Parts parts;
    parts.folder = folder;
    parts.value = Secret(std::move(value));
    parts.keyring = &keyring;
    sources = std::make_shared<KeySources>(std::move(parts));
    held = std::make_shared<HeldKeys>(sources->load().value(), [this] { return sources->load(); });
    Result<std::unique_ptr<Store>> opened =
        SqliteStore::open(folder / "vault.db", Sealer(held), workers, logger);
    if (opened) store = std::move(*opened);
    if (!opened) problem = opened.error();
  }
  template <class T>
  T run(Task<T> task) {
    return run_to_end(context, std::move(task));
  }
  Result<RotationReport> rotate(std::optional<KeyPlace> to = {}) {
    return run(rotate_keys({store->keys(), *sources, *held, workers, {}, 0ms}, to));
  }
  KeyInventory inventory() { return run(store->keys().inventory()).value(); }

  NoKeyring keyring;
  NullLogger logger;
  boost::asio::io_context context;
  Workers workers{2};
  std::shared_ptr<KeySources> sources;
  std::shared_ptr<HeldKeys> held;
  std::unique_ptr<Store> store;
  Error problem;
};

class Rotation : public testing::Test {
 protected:
  std::filesystem::path folder() const { return directory_.path(); }

  /// Connections with a header, a login, a registration each.
  std::vector<CredentialKey> fill(Process& process, int count) {
    std::vector<CredentialKey> keys;
    for (int i = 0; i < count; ++i) {
      Connection connection;
      connection.organization = local_organization();
      connection.name = "c" + std::to_string(i);
      connection.headers = {{"X-Key", Secret("header" + std::to_string(i)), {}}};
      connection.oauth.private_key = Secret("pem");
      connection = process.run(process.store->connections().create(connection)).value();
      Credential credential;
      credential.key = {.organization = connection.organization, .connection = connection.id};
      credential.tokens.access_token = Secret("a1");
      credential.tokens.refresh_token = Secret("r1");
      credential.dpop_key = Secret("dpop");
      EXPECT_TRUE(process.run(process.store->credentials().save_login(credential, 0)));
      Registration registration{.organization = local_organization(),
                                .issuer = "i" + std::to_string(i)};
      registration.private_key = Secret("pem");
      EXPECT_TRUE(process.run(process.store->registrations().save(registration, {})));
      EXPECT_TRUE(process.run(process.store->authorizations().save(
          {.key = credential.key, .state_hash = connection.name, .verifier = Secret("v")})));
      keys.push_back(credential.key);
    }
    return keys;
  }

  /// Nothing is unreadable, and everything is sealed under the current key.
  static void expect_whole(Process& process, std::size_t connections) {
    const KeyInventory found = process.inventory();
    EXPECT_TRUE(found.unreadable.empty());
    for (const SealedRows& rows : found.rows)
      EXPECT_EQ(rows.key_id, process.held->current_id()) << rows.table;
    const auto list = process.run(process.store->connections().list(local_organization())).value();
    EXPECT_EQ(list.size(), connections);
    for (const Connection& one : list) EXPECT_EQ(one.secrets_problem, "");
  }

  template <class F>
  static pid_t start(F work) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    try {
      ::_exit(work() ? 0 : 1);
    } catch (...) {
      ::_exit(2);
    }
  }
  static int status_of(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  }

  TemporaryDirectory directory_;
};

TEST_F(Rotation, forgets_no_sealed_column) {
  Process process(folder());
  fill(process, 3);
  const std::string old_id = process.held->current_id();
  ASSERT_TRUE(process.rotate());
  expect_whole(process, 3);
  // Whatever tables and columns there are: the old key's id, which heads every ciphertext, is left
  // in the list of keys only.
  const auto database = Database::open(folder() / "vault.db").value();
  std::vector<std::pair<std::string, std::string>> columns;
  {
    Rows rows = database->query(
        "SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p "
        "WHERE m.type = 'table' AND p.type = 'BLOB'");
    while (rows.next()) {
      std::string table = rows.text();
      columns.emplace_back(std::move(table), rows.text());
    }
  }
  EXPECT_GT(columns.size(), 10U);
  for (const auto& [table, column] : columns) {
    const std::string sql =
        "SELECT count(*) FROM " + table + " WHERE substr(" + column + ", 2, 8) = ?";
    Rows rows = database->query(sql, Blob{old_id});
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.integer(), 0) << table << "." << column;
  }
}

TEST_F(Rotation, is_learned_by_a_process_that_works_on) {
  Process other(folder());
  const std::vector<CredentialKey> keys = fill(other, 2);
  {
    Process process(folder());
    const auto rotated = process.rotate();
    ASSERT_TRUE(rotated) << describe(rotated.error());
    EXPECT_EQ(rotated->resealed, 8);
    EXPECT_FALSE(rotated->resumed);
  }
  // It reads what was sealed anew, and seals under the new key, from the key file.
  EXPECT_EQ(
      other.run(other.store->credentials().find(keys[0])).value()->tokens.access_token.reveal(),
      "a1");
  fill(other, 0);
  Credential login = other.run(other.store->credentials().find(keys[1])).value().value();
  ASSERT_TRUE(other.run(other.store->credentials().save_login(login, login.epoch)));
  Process fresh(folder());
  expect_whole(fresh, 2);
}

TEST_F(Rotation, is_learned_from_the_store_by_a_process_whose_source_has_the_old_key_only) {
  const std::string old_key = base64_encode(std::string(32, 'o'));
  const std::string new_key = base64_encode(std::string(32, 'n'));
  Process other(folder(), old_key);
  const std::vector<CredentialKey> keys = fill(other, 1);
  Process process(folder(), new_key + " " + old_key);
  ASSERT_TRUE(process.run(process.store->keys().begin(process.sources->load().value()[0])));
  ASSERT_TRUE(other.run(other.store->changes().changes_after(0)));  // the feed is enough
  ASSERT_TRUE(process.rotate(KeyPlace::environment));
  EXPECT_TRUE(other.run(other.store->credentials().find(keys[0])).value().has_value());
  // One that starts later has no way to it and is told so, instead of sealing under a dead key.
  Process late(folder(), old_key);
  EXPECT_EQ(late.store, nullptr);
  EXPECT_EQ(late.problem.code, Errc::policy);
  EXPECT_TRUE(late.problem.detail.contains("keys rotate")) << late.problem.detail;
}

TEST_F(Rotation, wants_a_new_key_from_a_source_that_it_cannot_write) {
  const std::string old_key = base64_encode(std::string(32, 'o'));
  Process process(folder(), old_key);
  const auto refused = process.rotate();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  EXPECT_TRUE(refused.error().hint.contains("in front of the old one")) << refused.error().hint;
}

TEST_F(Rotation, moves_the_key_from_the_variable_to_the_file_and_back) {
  const std::string old_key = base64_encode(std::string(32, 'o'));
  {
    Process process(folder(), old_key);
    fill(process, 2);
    ASSERT_TRUE(process.rotate(KeyPlace::file));
  }
  {
    Process process(folder());
    expect_whole(process, 2);
  }
  const std::string new_key = base64_encode(std::string(32, 'n'));
  {
    Process process(folder(), new_key);
    ASSERT_NE(process.store, nullptr) << describe(process.problem);
    expect_whole(process, 2);  // the file's key still seals
    ASSERT_TRUE(process.rotate(KeyPlace::environment));
  }
  const auto without = FileKeySource(folder() / "gatehouse.key").load();
  ASSERT_FALSE(without) << "no process makes a new key";
  EXPECT_EQ(without.error().code, Errc::not_found);
  Process process(folder(), new_key);
  expect_whole(process, 2);
}

TEST_F(Rotation, names_what_it_could_not_read_and_leaves_it) {
  Process process(folder());
  fill(process, 2);
  Database::open(folder() / "vault.db")
      .value()
      ->execute(
          "UPDATE credentials SET tokens = zeroblob(100) WHERE connection = "
          "(SELECT id FROM connections WHERE name = 'c1')");
  ASSERT_TRUE(process.rotate());
  const KeyInventory found = process.inventory();
  ASSERT_EQ(found.unreadable.size(), 1U);
  EXPECT_EQ(found.unreadable[0].name, "c1");
  EXPECT_EQ(found.unreadable[0].table, "credentials");
}

TEST_F(Rotation, seals_the_readable_columns_of_a_row_anew_although_another_is_unreadable) {
  Process process(folder());
  fill(process, 1);
  const auto database = Database::open(folder() / "vault.db").value();
  database->execute("UPDATE credentials SET tokens = zeroblob(100)");
  const std::string before = process.held->current_id();
  const auto key_of_more = [&] {
    Rows row = database->query("SELECT more_secrets FROM credentials");
    EXPECT_TRUE(row.next());
    return std::string(parse_envelope(row.text()).value().key_id);
  };
  EXPECT_EQ(key_of_more(), before);
  ASSERT_TRUE(process.rotate());
  EXPECT_NE(process.held->current_id(), before);
  EXPECT_EQ(key_of_more(), process.held->current_id());
  Rows row = database->query("SELECT tokens FROM credentials");
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.text(), std::string(100, '\0')) << "what is unreadable is left as it is";
}

TEST_F(Rotation, keeps_request_states_for_their_ten_minutes) {
  std::string old_id;
  Secret derived;
  {
    Process process(folder());
    old_id = process.held->current_id();
    derived = process.held->find_derived(old_id, "request state").value();
    ASSERT_TRUE(process.rotate());
  }
  Process process(folder());
  EXPECT_FALSE(process.held->find(old_id));
  const auto kept = process.held->find_derived(old_id, "request state");
  ASSERT_TRUE(kept);
  EXPECT_TRUE(kept->same_as(derived));
  EXPECT_FALSE(process.held->find_derived(old_id, "vault"));
}

TEST_F(Rotation, runs_once_at_a_time) {
  Process process(folder());
  const auto lock = FileLock::take(process.sources->lock_file(), FileLock::Wait::no);
  ASSERT_TRUE(lock);
  EXPECT_EQ(process.rotate().error().code, Errc::conflict);
}

TEST_F(Rotation, survives_being_killed_at_any_moment) {
  {
    Process process(folder());
    fill(process, 20);
  }
  std::mt19937 random(20261121);
  int resumed = 0;
  for (int round = 0; round < 25; ++round) {
    const pid_t child = start([&] {
      Process process(folder());
      return process.store != nullptr && process.rotate().has_value();
    });
    ::usleep(random() % 60'000);
    ::kill(child, SIGKILL);
    status_of(child);
    // Whoever looks in between reads everything, and may write.
    Process between(folder());
    ASSERT_NE(between.store, nullptr) << describe(between.problem);
    ASSERT_TRUE(between.inventory().unreadable.empty()) << "round " << round;
    const auto list = between.run(between.store->connections().list(local_organization())).value();
    ASSERT_TRUE(between.run(between.store->connections().update(list[0])));
    if (round % 3 != 0) continue;
    const auto rotated = between.rotate();
    ASSERT_TRUE(rotated) << describe(rotated.error());
    resumed += rotated->resumed ? 1 : 0;
    expect_whole(between, 20);
  }
  RecordProperty("resumed", resumed);
  Process process(folder());
  ASSERT_TRUE(process.rotate());
  expect_whole(process, 20);
}

TEST_F(Rotation, loses_no_refresh_that_goes_on_meanwhile) {
  constexpr int kTimes = 40;
  CredentialKey key;
  {
    Process process(folder());
    key = fill(process, 10)[0];
  }
  std::vector<pid_t> children;
  for (const char* holder : {"one", "two"}) {
    children.push_back(start([&] {
      Process process(folder());
      for (int done = 0; done < kTimes;) {
        CredentialStore& store = process.store->credentials();
        const auto lease = process.run(store.acquire_lease(key, holder, 45s)).value();
        if (!lease) continue;
        const Credential& row = lease->credential;
        if (row.tokens.refresh_token.reveal() != "r" + std::to_string(row.version)) return false;
        const std::string next = std::to_string(row.version + 1);
        TokenSet tokens{.access_token = Secret("a" + next), .refresh_token = Secret("r" + next)};
        if (!process.run(store.save_refreshed(key, row.version, row.epoch, tokens))) return false;
        if (!process.run(store.release_lease(key, holder))) return false;
        ++done;
      }
      return true;
    }));
  }
  Process process(folder());
  int rotations = 0;
  for (; rotations < 5; ++rotations) {
    const auto rotated = process.rotate();
    ASSERT_TRUE(rotated) << describe(rotated.error());
  }
  for (const pid_t child : children) EXPECT_EQ(status_of(child), 0);
  const auto row = process.run(process.store->credentials().find(key)).value().value();
  EXPECT_EQ(row.version, 1 + 2 * kTimes);
  expect_whole(process, 10);
}

}  // namespace
}  // namespace gatehouse::vault
