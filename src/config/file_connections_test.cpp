#include "config/file_connections.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "async/run.hpp"
#include "net/command_runner.hpp"
#include "vault/memory_store.hpp"

namespace gatehouse::config {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class FileConnectionsTest : public ::testing::Test {
 protected:
  FileConnectionsTest()
      : root_(fs::path(::testing::TempDir()) / ("files_" + std::to_string(::getpid()))) {
    fs::create_directories(root_ / "project" / ".git");
    fs::create_directories(root_ / "project" / ".gatehouse");
    root_ = fs::canonical(root_);
    global_ = (root_ / "mcp.json").string();
    project_ = (root_ / "project" / ".gatehouse" / "mcp.json").string();
  }
  ~FileConnectionsTest() override { fs::remove_all(root_); }

  static void write(const std::string& file, const std::string& entries) {
    std::ofstream(file) << "{\"mcpServers\":{" << entries << "}}";
    fs::permissions(file, fs::perms(0600));
  }
  std::vector<ConnectionId> sync(Scope scope = Scope::project) {
    const auto touched = run_to_end(context_, files_.sync(scope));
    EXPECT_TRUE(touched);
    return touched ? *touched : std::vector<ConnectionId>{};
  }
  std::vector<vault::Connection> visible() {
    return *run_to_end(context_, view_.connections().list(local_organization()));
  }
  std::optional<vault::Connection> find(const std::string& name) {
    return *run_to_end(context_, view_.connections().find(local_organization(), name));
  }
  const EntryStatus& status(const std::string& name) {
    for (const EntryStatus& one : files_.report().entries)
      if (one.entry.name == name) return one;
    ADD_FAILURE() << name;
    static const EntryStatus none;
    return none;
  }
  Result<void> approve(const std::string& name) {
    return run_to_end(context_, files_.approve(name, status(name).entry.digest));
  }
  static Task<> note_end(std::vector<std::string>* ended, vault::Connection connection) {
    ended->push_back(connection.url);
    co_return;
  }

  fs::path root_;
  std::string global_, project_;
  boost::asio::io_context context_{1};
  Workers workers_{1};
  NullLogger log_;
  ManualClock clock_;
  net::ProcessRunner runner_{context_.get_executor()};
  std::map<std::string, std::string> environment_;
  std::vector<std::string> asked_;  // variables that were read
  SecretReader reader_{{workers_, runner_,
                        [this](const std::string& name) -> std::optional<std::string> {
                          asked_.push_back(name);
                          const auto found = environment_.find(name);
                          if (found == environment_.end()) return std::nullopt;
                          return found->second;
                        },
                        nullptr}};
  vault::MemoryStore store_;
  LayeredStore view_{store_};
  std::vector<std::string> ended_;
  FileConnections files_{
      {view_,
       reader_,
       workers_,
       clock_,
       log_,
       {(root_ / "mcp.json").string(), (root_ / "project").string(), "/nobody"},
       [this](vault::Connection connection) { return note_end(&ended_, std::move(connection)); }}};
};

TEST_F(FileConnectionsTest, the_persons_own_file_needs_no_approval) {
  write(global_, R"("a":{"url":"https://a.example/mcp"},"b":{"command":"x","args":["${env:Y}"]})");
  EXPECT_EQ(sync().size(), 4U) << "two rows made, two that became visible";
  ASSERT_EQ(visible().size(), 2U);
  EXPECT_EQ(find("a")->url, "https://a.example/mcp");
  EXPECT_EQ(find("a")->origin, global_);
  EXPECT_EQ(find("b")->command, (std::vector<std::string>{"x", "${env:Y}"}));
  EXPECT_TRUE(sync().empty()) << "nothing to do the second time";
  EXPECT_TRUE(asked_.empty()) << "a command's words are read when it is started";
}

TEST_F(FileConnectionsTest, an_entry_of_a_project_is_nowhere_before_it_is_approved) {
  write(project_, R"("a":{"url":"${env:WHERE}/mcp"})");
  environment_["WHERE"] = "https://a.example";
  sync();
  EXPECT_TRUE(visible().empty());
  EXPECT_TRUE(asked_.empty()) << "its variables are not read";
  EXPECT_TRUE(run_to_end(context_, store_.connections().list(local_organization()))->empty());
  EXPECT_EQ(status("a").state, EntryState::waiting);
  EXPECT_EQ(files_.report().waiting(), 1U);

  EXPECT_EQ(run_to_end(context_, files_.approve("a", std::string(64, '0'))).error().code,
            Errc::conflict);
  ASSERT_TRUE(approve("a"));
  EXPECT_EQ(find("a")->url, "https://a.example/mcp");
  sync(Scope::global);
  EXPECT_FALSE(find("a")) << "a gateway for everybody does not show it";
}

TEST_F(FileConnectionsTest, what_is_approved_is_what_was_shown) {
  write(project_, R"("a":{"command":"good"})");
  sync();
  const std::string shown = status("a").entry.digest;
  write(project_, R"("a":{"command":"evil"})");
  EXPECT_EQ(run_to_end(context_, files_.approve("a", shown)).error().code, Errc::conflict);
  EXPECT_TRUE(visible().empty());
}

TEST_F(FileConnectionsTest, a_change_of_what_it_does_waits_again_and_another_does_not) {
  write(project_, R"("a":{"command":"x"})");
  sync();
  ASSERT_TRUE(approve("a"));
  write(project_, R"("a":{"command":"x","timeout":5})");
  EXPECT_FALSE(sync().empty());
  EXPECT_EQ(find("a")->options.request_timeout, 5ms);
  write(project_, R"("a":{"command":"y"})");
  EXPECT_FALSE(sync().empty()) << "it went";
  EXPECT_FALSE(find("a"));
  EXPECT_EQ(status("a").state, EntryState::changed);
  EXPECT_EQ(status("a").approved_before->command.front(), "x");
  write(project_, R"("a":{"command":"x"})");
  sync();
  EXPECT_TRUE(find("a")) << "back to what was approved";
}

TEST_F(FileConnectionsTest, a_project_wins_over_the_store_and_the_store_over_the_global_file) {
  write(global_, R"("a":{"url":"https://global.example"})");
  sync();
  EXPECT_EQ(find("a")->url, "https://global.example");
  vault::Connection own;
  own.organization = local_organization();
  own.name = "a";
  own.url = "https://store.example";
  ASSERT_TRUE(run_to_end(context_, view_.connections().create(own)));
  sync();
  EXPECT_EQ(find("a")->url, "https://store.example");
  EXPECT_EQ(status("a").state, EntryState::shadowed);
  write(project_, R"("a":{"url":"https://project.example"})");
  sync();
  EXPECT_EQ(find("a")->url, "https://store.example");
  ASSERT_TRUE(
      run_to_end(context_, files_.approve("a", files_.report().entries.at(1).entry.digest)));
  EXPECT_EQ(find("a")->url, "https://project.example");
  ASSERT_EQ(visible().size(), 1U);
  EXPECT_EQ(visible()[0].url, "https://project.example");
}

TEST_F(FileConnectionsTest, what_was_learned_stays_until_the_server_is_another) {
  write(global_, R"("a":{"url":"https://a.example"})");
  sync();
  vault::Connection row = *find("a");
  row.auth = vault::AuthKind::oauth;
  row.allowances = {{"http://127.0.0.1:1", http::Purpose::authorization_server}};
  ASSERT_TRUE(run_to_end(context_, view_.connections().update(row)));
  write(global_, R"("a":{"url":"https://a.example","roots":["/x"]})");
  sync();
  EXPECT_EQ(find("a")->auth, vault::AuthKind::oauth);
  EXPECT_EQ(find("a")->allowances.size(), 1U);
  EXPECT_EQ(find("a")->id, row.id);
  EXPECT_TRUE(ended_.empty());
  write(global_, R"("a":{"url":"https://b.example"})");
  sync();
  EXPECT_EQ(find("a")->auth, vault::AuthKind::unknown);
  EXPECT_TRUE(find("a")->allowances.empty());
  EXPECT_EQ(find("a")->id, row.id);
  EXPECT_TRUE(ended_.empty()) << "half a word was saved: the login waits for the edit's undoing";
}

TEST_F(FileConnectionsTest, another_value_of_a_variable_ends_no_login) {
  environment_["WHERE"] = "https://a.example";
  write(global_, R"("a":{"url":"${WHERE}/mcp"})");
  sync();
  environment_["WHERE"] = "https://b.example";
  sync();
  EXPECT_EQ(find("a")->url, "https://b.example/mcp");
  EXPECT_TRUE(ended_.empty());
  environment_.erase("WHERE");
  sync();
  EXPECT_EQ(status("a").state, EntryState::broken);
  EXPECT_FALSE(find("a"));
}

TEST_F(FileConnectionsTest, an_entry_that_is_gone_is_kept_out_of_sight_for_a_while) {
  write(global_, R"("a":{"url":"https://a.example"})");
  sync();
  const ConnectionId id = find("a")->id;
  write(global_, "");
  EXPECT_FALSE(sync().empty());
  EXPECT_FALSE(find("a"));
  clock_.advance(24h);
  write(global_, R"("a":{"url":"https://a.example"})");
  sync();
  EXPECT_EQ(find("a")->id, id) << "with its login";
  EXPECT_FALSE(find("a")->origin_missing_since);
  fs::remove(global_);
  sync();
  clock_.advance(kOrphanLife + 1h);
  sync();
  EXPECT_TRUE(run_to_end(context_, store_.connections().list(local_organization()))->empty());
  EXPECT_EQ(ended_, std::vector<std::string>{"https://a.example"});
}

TEST_F(FileConnectionsTest, a_file_that_breaks_leaves_what_it_last_said) {
  write(global_, R"("a":{"url":"https://a.example"})");
  sync();
  std::ofstream(global_) << "{ broken";
  sync();
  EXPECT_TRUE(find("a"));
  ASSERT_EQ(files_.report().files.size(), 1U);
  EXPECT_TRUE(files_.report().files[0].problem);
}

TEST_F(FileConnectionsTest, an_approval_that_is_taken_back_takes_the_login_along) {
  write(project_, R"("a":{"url":"https://a.example"})");
  sync();
  ASSERT_TRUE(approve("a"));
  const ConnectionId id = find("a")->id;
  ASSERT_TRUE(run_to_end(context_, files_.revoke(id)));
  EXPECT_EQ(ended_.size(), 1U);
  sync();
  EXPECT_EQ(status("a").state, EntryState::waiting);
  EXPECT_FALSE(run_to_end(context_, files_.revoke(id)));
}

TEST_F(FileConnectionsTest, only_this_machine_is_reached_without_further_words) {
  write(global_,
        R"("a":{"url":"http://127.0.0.1:9/mcp"},"b":{"url":"https://10.0.0.1"},
           "c":{"url":"https://10.0.0.1","allowPrivateNetwork":true})");
  sync();
  EXPECT_EQ(find("a")->allowances.size(), 1U);
  EXPECT_TRUE(find("b")->allowances.empty());
  EXPECT_EQ(find("c")->allowances.at(0).origin, "https://10.0.0.1");
  EXPECT_TRUE(allows_own_origin(*find("c")));
  EXPECT_FALSE(allows_own_origin(*find("a"))) << "this machine needs no such word";
  write(global_, R"("c":{"url":"https://10.0.0.1"})");
  sync();
  EXPECT_TRUE(find("c")->allowances.empty()) << "what the file does not say any more is taken back";
}

}  // namespace
}  // namespace gatehouse::config
