#include "identity/tool_filter.hpp"

#include <gtest/gtest.h>

namespace gatehouse::identity {
namespace {

TEST(ToolFilter, a_glob_without_wildcards_means_one_name) {
  EXPECT_TRUE(matches_glob("search", "search"));
  EXPECT_FALSE(matches_glob("search", "Search"));
  EXPECT_FALSE(matches_glob("search", "search_all"));
  EXPECT_FALSE(matches_glob("search", "research"));
  EXPECT_FALSE(matches_glob("search", ""));
}

TEST(ToolFilter, a_star_stands_for_any_run_also_an_empty_one) {
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("*", "anything"));
  EXPECT_TRUE(matches_glob("get_*", "get_"));
  EXPECT_TRUE(matches_glob("get_*", "get_user"));
  EXPECT_TRUE(matches_glob("*_user*", "get_user_name"));
  EXPECT_TRUE(matches_glob("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(matches_glob("a*b*c", "a-c-b"));
  EXPECT_TRUE(matches_glob("**x", "x"));
}

TEST(ToolFilter, a_question_mark_stands_for_one_character_of_any_length) {
  EXPECT_TRUE(matches_glob("v?", "v1"));
  EXPECT_FALSE(matches_glob("v?", "v"));
  EXPECT_FALSE(matches_glob("v?", "v12"));
  EXPECT_TRUE(matches_glob("gr?n", "grün"));
  EXPECT_TRUE(matches_glob("*?n", "grün"));
}

TEST(ToolFilter, dots_brackets_and_backslashes_are_themselves) {
  EXPECT_TRUE(matches_glob("a.b", "a.b"));
  EXPECT_FALSE(matches_glob("a.b", "axb"));
  EXPECT_TRUE(matches_glob("[ab]", "[ab]"));
  EXPECT_FALSE(matches_glob("[ab]", "a"));
}

TEST(ToolFilter, many_stars_do_not_take_exponential_time) {
  std::string glob;
  for (int i = 0; i < 60; ++i) glob += "*a";
  EXPECT_FALSE(matches_glob(glob + "b", std::string(200, 'a')));
}

TEST(ToolFilter, an_empty_filter_allows_everything) {
  EXPECT_TRUE(allows_tool({}, "delete_everything"));
}

TEST(ToolFilter, include_names_what_there_is_and_exclude_wins) {
  const vault::ToolFilter filter{{"get_*", "list_*"}, {"*_secret"}};
  EXPECT_TRUE(allows_tool(filter, "get_user"));
  EXPECT_FALSE(allows_tool(filter, "delete_user"));
  EXPECT_FALSE(allows_tool(filter, "get_secret"));
  EXPECT_FALSE(allows_tool({{"x"}, {"x"}}, "x"));
}

TEST(ToolFilter, empty_long_and_unprintable_globs_are_refused) {
  EXPECT_TRUE(check_glob("get_*"));
  EXPECT_EQ(check_glob("").error().code, Errc::invalid_argument);
  EXPECT_FALSE(check_glob(std::string(1000, 'x')));
  EXPECT_FALSE(check_glob("a\nb"));
}

TEST(ToolFilter, disabled_connections_and_identity_providers_are_not_served) {
  vault::Connection connection;
  EXPECT_TRUE(is_served(connection));
  connection.options.enabled = false;
  EXPECT_FALSE(is_served(connection));
  connection.options.enabled = true;
  connection.role = vault::Role::identity_provider;
  EXPECT_FALSE(is_served(connection));
}

}  // namespace
}  // namespace gatehouse::identity
