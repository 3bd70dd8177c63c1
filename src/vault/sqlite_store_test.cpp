// What only the SQLite store can show: files, damage, keys, schemas, other processes' changes.
#include "vault/sqlite_store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "vault/migrations/sqlite_migrations.hpp"
#include "vault/sqlite_database.hpp"
#include "vault/store_contract.hpp"

namespace gatehouse::vault {
namespace {

class SqliteStoreTest : public StoreContract {
 protected:
  std::filesystem::path path() const { return directory_.path() / "vault.db"; }
  Result<std::unique_ptr<Store>> open(MasterKey key = test_key()) {
    return SqliteStore::open(path(), Sealer(key), workers_, logger_, clocks());
  }
  void reopen(MasterKey key = test_key()) {
    store_.reset();
    store_ = open(key).value();
  }
  std::unique_ptr<Database> database() { return Database::open(path()).value(); }
  void execute(const std::string& sql) {
    const auto opened = database();
    opened->execute(sql);
    EXPECT_FALSE(opened->failure()) << describe(opened->failure().value_or(Error{}));
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, SqliteStoreTest, testing::Values("sqlite"), store_name);

TEST_P(SqliteStoreTest, keeps_its_files_to_its_owner) {
  make_connection("a");
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    struct stat found{};
    ASSERT_EQ(::stat(entry.path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600U) << entry.path();
  }
}

TEST_P(SqliteStoreTest, refuses_files_that_others_may_read_and_says_the_fix) {
  store_.reset();
  ::chmod(path().c_str(), 0644);
  EXPECT_EQ(open().error().code, Errc::policy);
  EXPECT_EQ(open().error().hint, "chmod 600 '" + path().string() + "'");
  ::chmod(path().c_str(), 0600);
  ::chmod(directory_.path().c_str(), 0755);
  EXPECT_EQ(open().error().hint, "chmod 700 '" + directory_.path().string() + "'");
  ::chmod(directory_.path().c_str(), 0700);
  EXPECT_TRUE(open());
}

TEST_P(SqliteStoreTest, writes_no_secret_in_clear) {
  Connection connection;
  connection.organization = local_organization();
  connection.name = "a";
  connection.headers = {{"X-Key", Secret("clear-text-header")}};
  connection.oauth.client_secret = Secret("clear-text-client");
  const Connection created = run(connections().create(connection)).value();
  login(key_of(created), 0, "clear-text-access", "clear-text-refresh");
  ASSERT_TRUE(run(authorizations().save(
      {.key = key_of(created), .state_hash = "s", .verifier = Secret("clear-text-verifier")})));
  ASSERT_TRUE(run(registrations().save({.organization = local_organization(),
                                        .issuer = "i",
                                        .client_secret = Secret("clear-text-registration")},
                                       {})));
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(bytes.find("clear-text"), std::string::npos) << entry.path();
  }
}

TEST_P(SqliteStoreTest, loses_only_the_row_that_cannot_be_decrypted) {
  const Connection good = make_connection("good");
  const Connection bad = make_connection("bad");
  login(key_of(good));
  login(key_of(bad));
  execute("UPDATE credentials SET tokens = zeroblob(100) WHERE connection = '" + bad.id.value +
          "'");
  const auto lost = run(credentials().find(key_of(bad)));
  ASSERT_EQ(code(lost), Errc::corrupt);
  EXPECT_EQ(lost.error().hint, "sign in again: gatehouse login bad");
  EXPECT_EQ(code(run(credentials().acquire_lease(key_of(bad), "h", 1s))), Errc::corrupt);
  EXPECT_EQ(found(key_of(good)).tokens.access_token.reveal(), "a1");
  EXPECT_EQ(run(credentials().list(local_organization(), {})).value().size(), 2U);
  // The ways out: a login replaces it, a logout forgets it.
  EXPECT_EQ(run(credentials().find_epoch(key_of(bad))).value(), 1);
  login(key_of(bad), 1, "a2");
  EXPECT_EQ(found(key_of(bad)).tokens.access_token.reveal(), "a2");
  execute("UPDATE credentials SET tokens = x'00' WHERE connection = '" + bad.id.value + "'");
  EXPECT_TRUE(run(credentials().end_login(key_of(bad))).value()->tokens.access_token.empty());
  EXPECT_TRUE(found(key_of(bad)).tokens.access_token.empty());
}

TEST_P(SqliteStoreTest, does_not_open_tokens_that_were_moved_to_another_row_or_issuer) {
  const Connection mine = make_connection("mine");
  const Connection theirs = make_connection("theirs");
  login(key_of(mine));
  login(key_of(theirs));
  execute("UPDATE credentials SET tokens = (SELECT tokens FROM credentials WHERE connection = '" +
          mine.id.value + "') WHERE connection = '" + theirs.id.value + "'");
  EXPECT_EQ(code(run(credentials().find(key_of(theirs)))), Errc::corrupt);
  execute("UPDATE credentials SET issuer = 'https://evil.example' WHERE connection = '" +
          mine.id.value + "'");
  EXPECT_EQ(code(run(credentials().find(key_of(mine)))), Errc::corrupt);
}

TEST_P(SqliteStoreTest, keeps_secrets_that_another_key_can_still_read) {
  Connection connection;
  connection.organization = local_organization();
  connection.name = "a";
  connection.headers = {{"X-Key", Secret("h1")}};
  ASSERT_TRUE(run(connections().create(connection)));
  make_connection("b");
  reopen(test_key('x'));
  const auto listed = run(connections().list(local_organization())).value();
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_NE(listed[0].secrets_problem, "");
  EXPECT_TRUE(listed[0].headers[0].value.empty());
  EXPECT_EQ(listed[1].secrets_problem, "");
  ASSERT_TRUE(run(connections().update(listed[0])));
  reopen();
  const auto read = run(connections().find(local_organization(), "a")).value().value();
  EXPECT_EQ(read.secrets_problem, "");
  EXPECT_EQ(read.headers[0].value.reveal(), "h1");
}

TEST_P(SqliteStoreTest, does_not_send_a_key_to_an_edited_url) {
  Connection connection;
  connection.organization = local_organization();
  connection.name = "a";
  connection.url = "https://mcp.example";
  connection.headers = {{"X-Key", Secret("h1")}};
  ASSERT_TRUE(run(connections().create(connection)));
  execute("UPDATE connections SET url = 'https://evil.example'");
  const auto read = run(connections().find(local_organization(), "a")).value().value();
  EXPECT_NE(read.secrets_problem, "");
  EXPECT_TRUE(read.headers[0].value.empty());
}

TEST_P(SqliteStoreTest, registers_anew_where_a_registration_cannot_be_read) {
  const Registration old{.organization = local_organization(), .issuer = "i", .client_id = "c1"};
  const Registration saved = run(registrations().save(old, {})).value();
  reopen(test_key('x'));
  EXPECT_EQ(code(run(registrations().find(local_organization(), saved.id))), Errc::corrupt);
  const auto current = [&] {
    return run(registrations().find_current(local_organization(), "i", RegistrationKind::dynamic))
        .value();
  };
  EXPECT_FALSE(current());
  Registration fresh = old;
  fresh.client_id = "c2";
  ASSERT_TRUE(run(registrations().save(fresh, {})));
  EXPECT_EQ(current()->client_id, "c2");
}

TEST_P(SqliteStoreTest, survives_a_damaged_record_and_a_damaged_catalog) {
  const Connection connection = make_connection("a");
  make_connection("b");
  ASSERT_TRUE(run(connections().save_catalog(local_organization(),
                                             {.connection = connection.id, .tools = {"{}"}})));
  execute(
      "UPDATE connections SET command = x'ff', transport = 'odd' WHERE name = 'a';"
      "UPDATE catalogs SET tools = x'ff'");
  EXPECT_EQ(run(connections().list(local_organization())).value().size(), 2U);
  EXPECT_FALSE(
      run(connections().load_catalog(local_organization(), connection.id, local_member())).value());
}

TEST_P(SqliteStoreTest, opens_a_store_of_the_first_schema) {
  store_.reset();
  std::filesystem::remove(path());
  {
    const auto opened = database();
    const std::array first{sqlite_migrations().front()};
    ASSERT_TRUE(migrate(*opened, first, clock_.now()));
    opened->execute(
        "INSERT INTO connections VALUES ('c1', 'org_local', 'old', 'http', 'https://a.example', "
        "x'', '', 'none', 'shared', x'', x'', '', '', x'', 0, '/callback', x'', NULL, 0, 1)");
    EXPECT_FALSE(opened->failure()) << describe(opened->failure().value_or(Error{}));
  }
  reopen();
  const auto listed = run(connections().list({"org_local"})).value();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].url, "https://a.example");
  EXPECT_EQ(listed[0].secrets_problem, "");
  EXPECT_TRUE(listed[0].options.enabled);
}

TEST_P(SqliteStoreTest, keeps_the_tools_of_a_store_of_the_schema_before_lists) {
  store_.reset();
  std::filesystem::remove(path());
  {
    const auto opened = database();
    ASSERT_TRUE(migrate(*opened, sqlite_migrations().first(3), clock_.now()));
    opened->execute(
        "INSERT INTO connections VALUES ('c1', 'org_local', 'old', 'http', 'https://a.example', "
        "x'', '', 'none', 'shared', x'', x'', '', '', x'', 0, '/callback', x'', NULL, 0, 1, x'', "
        "NULL);"
        "INSERT INTO connections VALUES ('c2', 'org_local', 'own', 'http', 'https://b.example', "
        "x'', '', 'none', 'per_member', x'', x'', '', '', x'', 0, '/callback', x'', NULL, 0, 1, "
        "x'', NULL);"
        "INSERT INTO catalogs VALUES ('c1', x'000000027b7d', x'', 7, 5);"
        "INSERT INTO catalogs VALUES ('c2', x'000000027b7d', x'', 7, 5)");
    EXPECT_FALSE(opened->failure()) << describe(opened->failure().value_or(Error{}));
  }
  reopen();
  const auto load = [&](const char* id, MemberId member) {
    return run(connections().load_catalog({"org_local"}, {id}, member)).value();
  };
  ASSERT_TRUE(load("c1", {"mem_any"}));
  EXPECT_EQ(load("c1", {"mem_any"})->tools, std::vector<std::string>{"{}"});
  EXPECT_EQ(load("c1", {"mem_any"})->ttl_ms, 5);
  EXPECT_TRUE(load("c1", {"mem_any"})->prompts.empty());
  EXPECT_TRUE(load("c2", local_member()));
  EXPECT_FALSE(load("c2", {"mem_any"}));
  EXPECT_TRUE(run(connections().load_pins({"org_local"}, {"c1"}, {}, ConnectionStore::Pins::all))
                  .value()
                  .empty());
}

TEST_P(SqliteStoreTest, refuses_a_schema_newer_than_it_knows) {
  store_.reset();
  execute("INSERT INTO schema_version (version, applied_at) VALUES (999, 0)");
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::unsupported);
}

TEST_P(SqliteStoreTest, says_so_when_the_file_is_no_database) {
  store_.reset();
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
    std::filesystem::remove(entry.path());
  std::ofstream(path()) << std::string(8192, 'x');
  ::chmod(path().c_str(), 0600);
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::storage);
  EXPECT_NE(opened.error().detail.find("damaged"), std::string::npos);
}

TEST_P(SqliteStoreTest, forgets_all_but_the_last_ten_thousand_changes) {
  make_connection("a");
  execute(
      "INSERT INTO changes (number, table_name, organization, row_id) "
      "VALUES (10001, 'states', 'o', 'x')");
  make_connection("b");
  EXPECT_EQ(run(store().changes().last_number()).value(), 10'002);
  EXPECT_EQ(code(run(store().changes().changes_after(0))), Errc::not_found);
  EXPECT_EQ(run(store().changes().changes_after(10'000)).value().size(), 2U);
}

TEST_P(SqliteStoreTest, sees_what_another_process_changed) {
  ChangeFeed& feed = store().changes();
  make_connection("a");
  EXPECT_TRUE(run(feed.changes_after(1)).value().empty());
  EXPECT_TRUE(run(feed.changes_after(1)).value().empty());
  const auto other = open().value();
  Connection connection;
  connection.organization = local_organization();
  connection.name = "b";
  ASSERT_TRUE(run(other->connections().create(connection)));
  EXPECT_EQ(run(feed.changes_after(1)).value().size(), 1U);
  EXPECT_TRUE(run(feed.changes_after(2)).value().empty());
}

TEST_P(SqliteStoreTest, reports_a_database_that_another_process_holds) {
  const auto blocked = Database::open(path(), Database::Access::write, 10ms).value();
  const auto holder = database();
  Transaction held(*holder, Transaction::Kind::write);
  Transaction wanted(*blocked, Transaction::Kind::write);
  const auto result = wanted.commit();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::storage);
  EXPECT_NE(result.error().detail.find("busy"), std::string::npos);
}

TEST_P(SqliteStoreTest, reports_a_full_disk_and_changes_nothing) {
  const auto full = database();
  Transaction writing(*full, Transaction::Kind::write);
  full->execute("PRAGMA max_page_count=1");  // SQLite raises it to what is in use
  full->run("INSERT INTO changes (table_name, organization, row_id) VALUES ('t', 'o', ?)",
            std::string(1 << 20, 'x'));
  const auto result = writing.commit();
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().detail.find("full"), std::string::npos);
  EXPECT_EQ(run(store().changes().last_number()).value(), 0);
}

}  // namespace
}  // namespace gatehouse::vault
