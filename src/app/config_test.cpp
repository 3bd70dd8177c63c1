#include "app/config.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "app/browser.hpp"
#include "app/paths.hpp"

namespace gatehouse::app {
namespace {

namespace fs = std::filesystem;

Environment environment_of(std::map<std::string, std::string> variables) {
  return [variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

class ConfigFile : public testing::Test {
 protected:
  ConfigFile() {
    std::string pattern = (fs::temp_directory_path() / "gatehouse-config-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ConfigFile() override { fs::remove_all(folder_); }

  Result<Config> load(std::string_view text, std::map<std::string, std::string> variables = {}) {
    const fs::path file = folder_ / "config.toml";
    std::ofstream(file) << text;
    const Result<std::vector<Setting>> settings = read_settings(file);
    if (!settings) return std::unexpected(settings.error());
    return make_config(*settings, environment_of(std::move(variables)));
  }

  fs::path folder_;
};

TEST_F(ConfigFile, a_missing_file_is_the_presets) {
  const Result<std::vector<Setting>> settings = read_settings(folder_ / "none.toml");
  ASSERT_TRUE(settings);
  EXPECT_EQ(make_config(*settings, environment_of({}))->listen, "127.0.0.1:8484");
}

TEST_F(ConfigFile, keys_are_read_from_sections_too) {
  const Result<Config> config = load(
      "listen = \"127.0.0.1:9000\"\ndangerously_allow_http_loopback = true\n"
      "[log]\nlevel = \"debug\"\nformat = \"json\"\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->listen, "127.0.0.1:9000");
  EXPECT_EQ(config->log_level, "debug");
  EXPECT_EQ(config->log_format, LogFormat::json);
  EXPECT_TRUE(config->dangerously_allow_http_loopback);
}

TEST_F(ConfigFile, an_unknown_key_is_named_with_its_place_and_the_nearest_one) {
  const Result<Config> config = load("\n[log]\nlevle = \"debug\"\n");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().detail,
            (folder_ / "config.toml").string() +
                ":3: there is no setting \"log.levle\". Did you mean \"log.level\"?");
}

TEST_F(ConfigFile, a_bad_value_names_what_is_expected) {
  EXPECT_NE(load("log.level = \"loud\"").error().detail.find("debug, info"), std::string::npos);
  EXPECT_FALSE(load("listen = \"8484\""));
  EXPECT_FALSE(load("listen = 8484"));
  EXPECT_FALSE(load("public_url = \"https://a.example/path\""));
}

TEST_F(ConfigFile, a_syntax_error_names_its_line) {
  const Result<Config> config = load("listen = \"a:1\"\nx = = 1\n");
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().detail.find("config.toml:2:"), std::string::npos);
}

TEST_F(ConfigFile, a_variable_overrides_the_file) {
  const Result<Config> config =
      load("listen = \"127.0.0.1:1\"",
           {{"GATEHOUSE_LISTEN", "127.0.0.1:2"}, {"GATEHOUSE_LOG_LEVEL", "error"}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->listen, "127.0.0.1:2");
  EXPECT_EQ(config->log_level, "error");
  EXPECT_FALSE(load("", {{"GATEHOUSE_LOG_LEVEL", "loud"}}));
}

TEST_F(ConfigFile, the_usual_proxy_variables_fill_what_the_file_leaves_open) {
  const Result<Config> config =
      load("proxy.https = \"http://a:1\"",
           {{"https_proxy", "http://b:1"}, {"HTTP_PROXY", "http://c:1"}, {"NO_PROXY", "*"}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->proxy.https_proxy, "http://a:1");
  EXPECT_EQ(config->proxy.http_proxy, "http://c:1");
  EXPECT_EQ(config->proxy.no_proxy, "*");
}

TEST(ConfigDocument, the_committed_one_is_current) {
  std::ifstream file(fs::path(GATEHOUSE_TESTS_DIR) / ".." / "docs" / "config.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), config_document()) << "run: gatehouse config-docs > docs/config.md";
}

TEST(Paths, gatehouse_home_holds_everything) {
  const Result<Paths> paths = find_paths(environment_of({{"GATEHOUSE_HOME", "/x"}}));
  ASSERT_TRUE(paths);
  EXPECT_EQ(paths->database(), "/x/gatehouse.db");
  EXPECT_EQ(paths->config, "/x/config.toml");
}

TEST(Paths, otherwise_the_xdg_folders_are_used) {
  const Result<Paths> home = find_paths(environment_of({{"HOME", "/h"}}));
  ASSERT_TRUE(home);
  EXPECT_EQ(home->data, "/h/.local/share/gatehouse");
  EXPECT_EQ(home->config, "/h/.config/gatehouse/config.toml");
  const Result<Paths> xdg = find_paths(
      environment_of({{"HOME", "/h"}, {"XDG_DATA_HOME", "/d"}, {"XDG_CONFIG_HOME", "relative"}}));
  ASSERT_TRUE(xdg);
  EXPECT_EQ(xdg->data, "/d/gatehouse");
  EXPECT_EQ(xdg->config, "/h/.config/gatehouse/config.toml");
}

TEST(Paths, without_any_home_the_way_out_is_told) {
  EXPECT_EQ(find_paths(environment_of({})).error().code, Errc::invalid_argument);
  EXPECT_FALSE(find_paths(environment_of({{"GATEHOUSE_HOME", "relative"}})));
}

TEST_F(ConfigFile, a_folder_that_others_may_enter_is_refused) {
  const Paths paths{folder_ / "a" / "store", folder_ / "config.toml"};
  ASSERT_TRUE(prepare(paths));
  EXPECT_EQ(fs::status(paths.data).permissions(), fs::perms::owner_all);
  fs::permissions(paths.data, fs::perms::owner_all | fs::perms::group_read);
  EXPECT_EQ(prepare(paths).error().code, Errc::policy);
}

TEST(Browser, the_variable_is_a_list_of_commands_without_a_shell) {
  using Commands = std::vector<std::vector<std::string>>;
  EXPECT_EQ(browser_commands("firefox", "https://a/?x=1;y"),
            (Commands{{"firefox", "https://a/?x=1;y"}}));
  EXPECT_EQ(browser_commands("w3m -o %s:lynx", "https://a"),
            (Commands{{"w3m", "-o", "https://a"}, {"lynx", "https://a"}}));
  EXPECT_EQ(browser_commands("", "https://a"), Commands{});
}

TEST(Browser, only_web_addresses_are_opened) {
  const auto browser = make_browser(environment_of({{"BROWSER", "true"}}));
  EXPECT_FALSE(browser->open("file:///etc/passwd"));
  EXPECT_FALSE(browser->open("--help"));
}

TEST(Browser, without_variable_and_display_there_is_none) {
  EXPECT_FALSE(make_browser(environment_of({}))->available());
  EXPECT_TRUE(make_browser(environment_of({{"DISPLAY", ":0"}}))->available());
  EXPECT_FALSE(make_browser(environment_of({{"DISPLAY", ":0"}}))->chosen());
}

}  // namespace
}  // namespace gatehouse::app
