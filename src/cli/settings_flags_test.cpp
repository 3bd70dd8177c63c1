#include "cli/settings_flags.hpp"

#include <gtest/gtest.h>

#include "vault/temporary_directory.hpp"

namespace gatehouse::cli {
namespace {

using namespace std::chrono_literals;

TEST(SettingsFlags, times_have_a_unit) {
  EXPECT_EQ(parse_duration("500ms", "--x"), 500ms);
  EXPECT_EQ(parse_duration("10s", "--x"), 10s);
  EXPECT_EQ(parse_duration("2m", "--x"), 2min);
  EXPECT_EQ(parse_duration("24h", "--x"), 24h);
  EXPECT_EQ(parse_duration("0", "--x"), 0ms);
  for (const char* wrong : {"", "10", "s", "-1s", "10 s", "1.5s", "25h", "99999999999999999999s",
                            "9223372036854775807h", "10sec"}) {
    EXPECT_FALSE(parse_duration(wrong, "--x")) << wrong;
  }
  EXPECT_EQ(parse_duration("10", "--idle-timeout").error().code, Errc::invalid_argument);
}

TEST(SettingsFlags, times_are_shown_as_they_are_written) {
  for (const char* text : {"500ms", "10s", "2m", "1h", "90s", "0s"}) {
    EXPECT_EQ(duration_text(*parse_duration(text, "--x")), text);
  }
}

TEST(SettingsFlags, what_is_given_replaces_what_is_there_and_the_rest_stays) {
  vault::ConnectionOptions options;
  options.log_level = "debug";
  options.tools.exclude = {"old_*"};
  SettingsFlags flags;
  flags.exclude_tools = {"delete_*", "drop_*"};
  flags.request_timeout = "5s";
  flags.idle_timeout = "0";
  flags.read_retries = "2";
  ASSERT_TRUE(apply_settings(flags, options));
  EXPECT_EQ(options.tools.exclude, (std::vector<std::string>{"delete_*", "drop_*"}));
  EXPECT_EQ(options.request_timeout, 5s);
  EXPECT_EQ(options.idle_timeout, 0ms);
  EXPECT_EQ(options.read_retries, 2);
  EXPECT_EQ(options.log_level, "debug");
  EXPECT_FALSE(options.connect_timeout);
}

TEST(SettingsFlags, wrong_values_name_their_flag) {
  const auto refused = [](auto set) {
    SettingsFlags flags;
    set(flags);
    vault::ConnectionOptions options;
    const Result<void> done = apply_settings(flags, options);
    EXPECT_EQ(options, vault::ConnectionOptions());
    return done ? std::string("accepted") : done.error().detail;
  };
  EXPECT_NE(refused([](auto& f) { f.connect_timeout = "0"; }).find("--connect-timeout"),
            std::string::npos);
  EXPECT_NE(refused([](auto& f) { f.read_retries = "9"; }).find("--read-retries"),
            std::string::npos);
  EXPECT_NE(refused([](auto& f) { f.log_level = "loud"; }).find("--log-level"), std::string::npos);
  EXPECT_NE(refused([](auto& f) { f.roots = {"relative"}; }).find("--root"), std::string::npos);
  EXPECT_NE(refused([](auto& f) { f.roots = {"/no/such/directory"}; }).find("--root"),
            std::string::npos);
  EXPECT_NE(refused([](auto& f) { f.enable_tools = {""}; }).find("--enable-tools"),
            std::string::npos);
}

TEST(SettingsFlags, roots_are_absolute_directories_that_exist) {
  const vault::TemporaryDirectory directory;
  SettingsFlags flags;
  flags.roots = {directory.path().string() + "/./"};
  vault::ConnectionOptions options;
  ASSERT_TRUE(apply_settings(flags, options));
  ASSERT_EQ(options.roots.size(), 1U);
  EXPECT_EQ(options.roots.front().find("/./"), std::string::npos);
}

TEST(SettingsFlags, every_setting_can_be_reset) {
  vault::ConnectionOptions options;
  options.tools = {{"a"}, {"b"}};
  options.connect_timeout = options.request_timeout = options.idle_timeout = 1s;
  options.read_retries = 1;
  options.roots = {"/"};
  options.log_level = "info";
  for (const std::string& name : resettable_settings())
    EXPECT_TRUE(reset_setting(name, options)) << name;
  EXPECT_EQ(options, vault::ConnectionOptions());
  EXPECT_FALSE(reset_setting("enabled", options));
}

}  // namespace
}  // namespace gatehouse::cli
