#include "cli/table.hpp"

#include <gtest/gtest.h>

#include "cli/json_out.hpp"
#include "cli/nearest.hpp"

namespace gatehouse::cli {
namespace {

TEST(Table, columns_are_aligned_by_what_a_terminal_shows) {
  Table table({"NAME", "STATE"});
  table.add_row({"höi", "ready"});
  table.add_row({"日本", "failing"});
  EXPECT_EQ(table.to_text(),
            "NAME  STATE\n"
            "höi   ready\n"
            "日本  failing\n");
}

TEST(Table, only_the_last_column_is_cut) {
  Table table({"NAME", "TEXT"});
  table.add_row({"a", "one two three four five"});
  EXPECT_EQ(table.to_text(20), "NAME  TEXT\na     one two three…\n");
}

TEST(Table, remote_text_cannot_move_the_cursor_or_hide) {
  Table table({"NAME"});
  table.add_row(
      {"a\x1B[2Jb\n\xE2\x80\xAE"
       "c\xFF"});
  EXPECT_EQ(table.to_text(), "NAME\na\\u{1B}[2Jb\\u{A}\\u{202E}c\xEF\xBF\xBD\n");
}

TEST(Table, blocks_keep_their_lines) {
  EXPECT_EQ(printable_block("a\n\tb\r"), "a\n\tb\\u{D}");
}

TEST(Table, facts_without_a_value_are_left_out) {
  EXPECT_EQ(to_text({{"name", "a"}, {"nothing", ""}, {"url", "b"}}), "name:  a\nurl:   b\n");
}

TEST(Table, a_text_is_cut_between_characters) {
  EXPECT_EQ(cut_to_width("日本語", 5), "日本…");
  EXPECT_EQ(cut_to_width("abc", 3), "abc");
}

TEST(JsonOut, members_are_quoted_and_absent_ones_left_out) {
  EXPECT_EQ(JsonObject().text("a", "\"\n").text_if("b", "").number("c", 1).flag("d", true).str(),
            R"({"a":"\"\n","c":1,"d":true})");
}

TEST(JsonOut, pretty_json_leaves_strings_and_numbers_alone) {
  EXPECT_EQ(pretty_json(R"({"a":[1.0,{}],"b":"x,{y}\""})"),
            "{\n  \"a\": [\n    1.0,\n    {}\n  ],\n  \"b\": \"x,{y}\\\"\"\n}");
}

TEST(Nearest, a_slip_finds_its_word) {
  const std::vector<std::string> words{"login", "logout", "list", "status"};
  EXPECT_EQ(find_nearest("lgoin", words), "login");
  EXPECT_EQ(find_nearest("LOGOUT", words), "logout");
  EXPECT_EQ(find_nearest("stat", words), "status");
}

TEST(Nearest, another_word_finds_nothing) {
  const std::vector<std::string> words{"login", "logout"};
  EXPECT_EQ(find_nearest("banana", words), std::nullopt);
  EXPECT_EQ(find_nearest("", words), std::nullopt);
}

}  // namespace
}  // namespace gatehouse::cli
