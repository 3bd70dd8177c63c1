#include "cli/secret_source.hpp"

#include <gtest/gtest.h>

#include "cli/add_options.hpp"
#include "cli/connections.hpp"
#include "cli/tool_view.hpp"

namespace gatehouse::cli {
namespace {

TEST(SecretSource, names_where_the_secret_is) {
  const auto reference = [](std::string_view text) {
    const Result<SecretSource> source = parse_secret_source(text, "--bearer");
    return source ? source->reference : describe(source.error());
  };
  EXPECT_EQ(reference("env:KEY"), "${env:KEY}");
  EXPECT_EQ(reference("file:/a/b"), "${file:/a/b}");
  EXPECT_EQ(reference("file:~/b"), "${file:~/b}");
  EXPECT_TRUE(reference("file:b").starts_with("${file:/")) << "relative to here";
  EXPECT_EQ(reference("command:op read 'a}b'"), "${command:op read 'a}b'}");
  EXPECT_EQ(reference("keyring:my key"), "${keyring:my key}");
  EXPECT_EQ(reference(""), "") << "asked for";
}

TEST(SecretSource, what_only_looks_like_one_is_refused) {
  for (const char* bad : {"env:A B", "env:", "env:A}x", "file:", "command:", "command:'a",
                          "keyring:", "env:A:-hunter2"}) {
    const Result<SecretSource> source = parse_secret_source(bad, "--bearer");
    ASSERT_FALSE(source) << bad;
    EXPECT_EQ(source.error().code, Errc::invalid_argument);
    EXPECT_EQ(describe(source.error()).find("hunter2"), std::string::npos);
  }
}

TEST(SecretSource, a_literal_secret_is_refused_and_not_repeated) {
  const Result<HeaderSource> header = parse_header_source("Authorization: Bearer hunter2");
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().code, Errc::invalid_argument);
  EXPECT_EQ(describe(header.error()).find("hunter2"), std::string::npos);
  EXPECT_NE(header.error().hint.find("--header Authorization=env:VARIABLE"), std::string::npos);
  const Result<HeaderSource> assigned = parse_header_source("X-Key=hunter2");
  ASSERT_FALSE(assigned);
  EXPECT_EQ(describe(assigned.error()).find("hunter2"), std::string::npos);
}

TEST(SecretSource, a_header_without_a_source_is_asked_for) {
  const Result<HeaderSource> header = parse_header_source("X-Api-Key");
  ASSERT_TRUE(header);
  EXPECT_EQ(header->name, "X-Api-Key");
  EXPECT_TRUE(header->source.asks());
}

TEST(SecretSource, what_no_header_can_carry_is_refused) {
  EXPECT_FALSE(check_secret("a\nb", "it"));
  EXPECT_FALSE(check_secret("\n", "it"));
}

TEST(AddOptions, a_connection_has_either_a_url_or_a_command) {
  AddOptions options;
  options.name = "a";
  EXPECT_FALSE(make_connection(options));
  options.url = "https://a.example/mcp";
  EXPECT_TRUE(make_connection(options));
  options.command = {"npx"};
  EXPECT_FALSE(make_connection(options));
}

TEST(AddOptions, a_url_alone_is_told_that_a_name_comes_first) {
  AddOptions options;
  options.name = "https://a.example/mcp";
  const Result<vault::Connection> connection = make_connection(options);
  ASSERT_FALSE(connection);
  EXPECT_NE(connection.error().hint.find("gatehouse add NAME URL"), std::string::npos);
}

TEST(AddOptions, flags_of_the_other_kind_are_refused) {
  AddOptions options;
  options.name = "a";
  options.command = {"npx"};
  options.scopes = {"read"};
  EXPECT_FALSE(make_connection(options));
  options.scopes.clear();
  EXPECT_TRUE(make_connection(options));
  options.client_secret_stdin = true;
  EXPECT_FALSE(make_connection(options));
}

TEST(Connections, a_name_is_short_and_lower_case) {
  EXPECT_TRUE(check_connection_name("git-hub_2"));
  for (const char* bad : {"", "Upper", "-a", "a.b", "a b", "ä"})
    EXPECT_FALSE(check_connection_name(bad)) << bad;
  EXPECT_FALSE(check_connection_name(std::string(33, 'a')));
}

TEST(Connections, ages_are_told_in_words) {
  const SystemTime now{std::chrono::hours(1000)};
  using namespace std::chrono_literals;
  EXPECT_EQ(ago(now, now), "just now");
  EXPECT_EQ(ago(now - 60s, now), "1 minute ago");
  EXPECT_EQ(ago(now - 3h, now), "3 hours ago");
  EXPECT_EQ(ago(now - 72h, now), "3 days ago");
}

TEST(ToolView, a_capability_is_a_connection_and_a_tool_that_may_have_dots) {
  EXPECT_EQ(split_capability("a.b.c")->second, "b.c");
  for (const char* bad : {"a", ".b", "a.", ""}) EXPECT_FALSE(split_capability(bad)) << bad;
}

}  // namespace
}  // namespace gatehouse::cli
