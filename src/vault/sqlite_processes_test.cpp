// Several processes on one file, and processes that are killed (design §4.1: a login is never
// lost). Children are forked before this process has threads, and leave by _exit.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "async/run.hpp"
#include "vault/sqlite_store.hpp"
#include "vault/temporary_directory.hpp"

namespace gatehouse::vault {
namespace {

using namespace std::chrono_literals;

/// A store with its own threads, as a process has it.
struct Process {
  explicit Process(const std::filesystem::path& path) {
    auto key = MasterKey::from_bytes(Secret(std::string(MasterKey::kBytes, 'k'))).value();
    store = SqliteStore::open(path, Sealer(key), workers, logger).value();
  }
  template <class T>
  T run(Task<T> task) {
    return run_to_end(context, std::move(task));
  }
  NullLogger logger;
  boost::asio::io_context context;
  Workers workers{1};
  std::unique_ptr<Store> store;
};

class SqliteProcesses : public testing::Test {
 protected:
  std::filesystem::path path() const { return directory_.path() / "vault.db"; }

  /// Runs `work` in a child; its true is exit status 0.
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

  CredentialKey make_login() {
    Process process(path());
    Connection connection;
    connection.organization = local_organization();
    connection.name = "notion";
    connection = process.run(process.store->connections().create(connection)).value();
    Credential credential;
    credential.key = {.organization = connection.organization, .connection = connection.id};
    credential.tokens.access_token = Secret("a1");
    credential.tokens.refresh_token = Secret("r1");
    EXPECT_TRUE(process.run(process.store->credentials().save_login(credential, 0)));
    return credential.key;
  }

  TemporaryDirectory directory_;
};

/// One refresh under the lease; false when another holds it or was faster.
bool refresh_once(Process& process, const CredentialKey& key, const std::string& holder) {
  CredentialStore& store = process.store->credentials();
  const auto lease = process.run(store.acquire_lease(key, holder, 45s)).value();
  if (!lease) return false;
  const Credential& row = lease->credential;
  if (!process.run(store.mark_attempt(key, row.version, row.epoch, SystemTime{1ms}))) return false;
  const std::string next = std::to_string(row.version + 1);
  TokenSet tokens{.access_token = Secret("a" + next), .refresh_token = Secret("r" + next)};
  const bool saved =
      process.run(store.save_refreshed(key, row.version, row.epoch, std::move(tokens))).has_value();
  return process.run(store.release_lease(key, holder)).has_value() && saved;
}

TEST_F(SqliteProcesses, may_all_start_at_once_on_a_new_file) {
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i)
    children.push_back(start([&] {
      Process process(path());
      return process.run(process.store->changes().last_number()).has_value();
    }));
  for (const pid_t child : children) EXPECT_EQ(status_of(child), 0);
}

TEST_F(SqliteProcesses, lose_no_update_of_each_other) {
  constexpr int kTimes = 20;
  const CredentialKey key = make_login();
  std::vector<pid_t> children;
  for (const char* holder : {"one", "two"})
    children.push_back(start([&] {
      Process process(path());
      for (int done = 0; done < kTimes;) done += refresh_once(process, key, holder) ? 1 : 0;
      return true;
    }));
  for (const pid_t child : children) EXPECT_EQ(status_of(child), 0);
  Process process(path());
  const auto row = process.run(process.store->credentials().find(key)).value().value();
  EXPECT_EQ(row.version, 1 + 2 * kTimes);
  EXPECT_EQ(row.tokens.refresh_token.reveal(), "r" + std::to_string(row.version));
  EXPECT_EQ(row.attempts, 0);
}

TEST_F(SqliteProcesses, leave_an_old_or_a_new_pair_when_killed_at_any_moment) {
  const CredentialKey key = make_login();
  std::mt19937 random(20261121);
  std::int64_t last = 1;
  for (int round = 0; round < 12; ++round) {
    int progress[2];
    ASSERT_EQ(::pipe(progress), 0);
    const pid_t child = start([&] {
      Process process(path());
      const std::string holder = "child" + std::to_string(round);
      for (;;) {
        // What this process was told is stored must be found, whenever it dies.
        if (!refresh_once(process, key, holder)) continue;
        if (::write(progress[1], "x", 1) != 1) return false;
      }
    });
    ::close(progress[1]);
    // Killed somewhere within its next refresh: after a random number of them and of microseconds.
    std::int64_t told = 0;
    const std::int64_t wanted = 1 + static_cast<std::int64_t>(random() % 4);
    for (char byte = 0; told < wanted && ::read(progress[0], &byte, 1) == 1;) ++told;
    ::usleep(random() % 4000);
    ::kill(child, SIGKILL);
    status_of(child);
    for (char byte = 0; ::read(progress[0], &byte, 1) == 1;) ++told;
    ::close(progress[0]);

    Process process(path());
    const auto row = process.run(process.store->credentials().find(key)).value().value();
    EXPECT_GE(row.version, last + told);
    EXPECT_LE(row.version, last + told + 1);
    EXPECT_EQ(row.tokens.access_token.reveal(), "a" + std::to_string(row.version));
    EXPECT_EQ(row.tokens.refresh_token.reveal(), "r" + std::to_string(row.version));
    EXPECT_LE(row.attempts, 1);
    last = row.version;
    // The dead one's lease is free at once; its attempt counts until it is settled.
    if (row.attempts > 0) {
      ASSERT_TRUE(
          process.run(process.store->credentials().settle_attempt(key, row.version, row.epoch)));
    }
  }
}

TEST_F(SqliteProcesses, hold_a_lease_while_they_live_and_not_longer) {
  const CredentialKey key = make_login();
  int held[2];
  ASSERT_EQ(::pipe(held), 0);
  const pid_t child = start([&] {
    Process process(path());
    if (!process.run(process.store->credentials().acquire_lease(key, "child", 45s)).value())
      return false;
    if (::write(held[1], "x", 1) != 1) return false;
    for (;;) ::pause();
  });
  char byte = 0;
  ASSERT_EQ(::read(held[0], &byte, 1), 1);
  Process process(path());
  CredentialStore& store = process.store->credentials();
  EXPECT_FALSE(process.run(store.acquire_lease(key, "parent", 45s)).value());
  ::kill(child, SIGKILL);
  status_of(child);
  EXPECT_TRUE(process.run(store.acquire_lease(key, "parent", 45s)).value());
  ::close(held[0]);
  ::close(held[1]);
}

}  // namespace
}  // namespace gatehouse::vault
