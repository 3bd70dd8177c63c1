#include "config/secret_reader.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "async/run.hpp"
#include "net/command_runner.hpp"

namespace gatehouse::config {
namespace {

class FakeKeyring final : public vault::SecretService {
 public:
  Result<Secret> look_up(const vault::KeyringItem& item) override {
    if (item.kind == "secret" && item.name == "known") return Secret("from the keyring");
    return fail(Errc::not_found, "the keyring has no entry of that name");
  }
  Result<void> store(const vault::KeyringItem&, const Secret&) override { return {}; }
  Result<void> erase(const vault::KeyringItem&) override { return {}; }
};

class SecretReaderTest : public ::testing::Test {
 protected:
  SecretReaderTest()
      : folder_(std::filesystem::path(::testing::TempDir()) /
                ("secret_reader_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~SecretReaderTest() override { std::filesystem::remove_all(folder_); }

  Result<Secret> resolve(const std::string& text, vault::SecretService* keyring = nullptr) {
    SecretReader reader({workers_, runner_,
                         [this](const std::string& name) -> std::optional<std::string> {
                           const auto found = environment_.find(name);
                           if (found == environment_.end()) return std::nullopt;
                           return found->second;
                         },
                         keyring});
    return run_to_end(context_, reader.resolve(text));
  }
  std::string value(const std::string& text) {
    const Result<Secret> secret = resolve(text);
    return secret ? std::string(secret->reveal()) : gatehouse::describe(secret.error());
  }
  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }

  std::filesystem::path folder_;
  boost::asio::io_context context_{1};
  Workers workers_{1};
  net::ProcessRunner runner_{context_.get_executor()};
  std::map<std::string, std::string> environment_{{"PATH", "/usr/bin:/bin"}, {"TOKEN", "abc\n"}};
};

TEST_F(SecretReaderTest, a_variable_is_read_without_its_line_end) {
  EXPECT_EQ(value("Bearer ${env:TOKEN}"), "Bearer abc");
  environment_["TOKEN"] = "new";
  EXPECT_EQ(value("${env:TOKEN}"), "new");
}

TEST_F(SecretReaderTest, an_unset_variable_is_an_error_unless_there_is_a_default) {
  const Result<Secret> unset = resolve("${env:NO_SUCH}");
  ASSERT_FALSE(unset);
  EXPECT_EQ(unset.error().code, Errc::not_found);
  EXPECT_NE(unset.error().detail.find("${env:NO_SUCH}"), std::string::npos);
  EXPECT_FALSE(unset.error().hint.empty());
  EXPECT_EQ(value("${env:NO_SUCH:-other}"), "other");
}

TEST_F(SecretReaderTest, a_file_is_read_when_only_its_owner_can) {
  EXPECT_EQ(value("${file:" + write("key", "k\n") + "}"), "k");
  const Result<Secret> open = resolve("${file:" + write("open", "hunter2", 0644) + "}");
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code, Errc::policy);
  EXPECT_NE(open.error().hint.find("chmod 600"), std::string::npos);
  EXPECT_EQ(resolve("${file:" + folder_.string() + "/none}").error().code, Errc::not_found);
  EXPECT_EQ(resolve("${file:" + folder_.string() + "}").error().code, Errc::policy);
  EXPECT_EQ(resolve("${file:" + write("long", std::string(20'000, 'a')) + "}").error().code,
            Errc::too_large);
}

TEST_F(SecretReaderTest, the_home_directory_comes_from_the_environment) {
  environment_["HOME"] = folder_.string();
  write("key", "at home");
  EXPECT_EQ(value("${file:~/key}"), "at home");
}

TEST_F(SecretReaderTest, a_command_prints_the_secret_and_knows_nothing_of_us) {
  environment_["HOME"] = "/nowhere";
  EXPECT_EQ(value("${command:sh -c 'echo a; echo b'}"), "a\nb");
  EXPECT_EQ(value("${command:sh -c 'echo $TOKEN$HOME'}"), "/nowhere");
  EXPECT_EQ(value("${command:echo $TOKEN}"), "$TOKEN") << "no shell is involved";
}

TEST_F(SecretReaderTest, a_command_that_fails_is_told_by_its_last_words) {
  const Result<Secret> failed = resolve("${command:sh -c 'echo hunter2; echo locked >&2; exit 3'}");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::rejected);
  EXPECT_NE(failed.error().detail.find("status 3"), std::string::npos);
  EXPECT_NE(failed.error().detail.find("locked"), std::string::npos);
  EXPECT_EQ(gatehouse::describe(failed.error()).find("hunter2"), std::string::npos);
  EXPECT_EQ(resolve("${command:/no/such/program}").error().code, Errc::not_found);
  EXPECT_EQ(resolve("${command:true}").error().code, Errc::invalid_argument) << "empty";
  EXPECT_EQ(resolve("${command:head -c 20000 /dev/zero}").error().code, Errc::too_large);
}

TEST_F(SecretReaderTest, a_command_that_leaves_a_child_behind_is_not_waited_for) {
  EXPECT_EQ(value("${command:sh -c 'setsid sleep 5 & echo done'}"), "done");
}

TEST_F(SecretReaderTest, the_keyring_is_asked_where_there_is_one) {
  EXPECT_EQ(resolve("${keyring:known}").error().code, Errc::unsupported);
  FakeKeyring keyring;
  EXPECT_EQ(resolve("${keyring:known}", &keyring)->reveal(), "from the keyring");
  EXPECT_EQ(resolve("${keyring:other}", &keyring).error().code, Errc::not_found);
}

}  // namespace
}  // namespace gatehouse::config
