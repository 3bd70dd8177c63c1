#include "config/placeholder.hpp"

#include <gtest/gtest.h>

namespace gatehouse::config {
namespace {

Piece only(std::string_view text) {
  const Result<Template> parsed = parse_template(text);
  EXPECT_TRUE(parsed) << text;
  EXPECT_EQ(parsed->pieces.size(), 1U) << text;
  return parsed->pieces.at(0);
}

TEST(Placeholder, each_kind_names_where_to_read) {
  EXPECT_EQ(only("${env:A_1}").text, "A_1");
  EXPECT_EQ(only("${file:/run/secrets/key}").source, Source::file);
  EXPECT_EQ(only("${file:~/key}").text, "~/key");
  EXPECT_EQ(only("${keyring:My key}").text, "My key");
  const Piece command = only(R"(${command:op read "op://a b/c}" 'x\y' \ z})");
  EXPECT_EQ(command.argv, (std::vector<std::string>{"op", "read", "op://a b/c}", "x\\y", " z"}));
}

TEST(Placeholder, text_around_it_stays_as_it_is) {
  const Result<Template> parsed = parse_template("Bearer ${env:A}/${env:B:-none}$");
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->pieces.size(), 5U);
  EXPECT_EQ(parsed->pieces[0].text, "Bearer ");
  EXPECT_EQ(parsed->pieces[3].otherwise, "none");
  EXPECT_EQ(parsed->pieces[4].text, "$");
  EXPECT_FALSE(parsed->is_literal());
}

TEST(Placeholder, a_doubled_dollar_stands_for_the_characters_themselves) {
  EXPECT_EQ(parse_template("$${env:A}")->literal(), "${env:A}");
  EXPECT_EQ(escape("a ${b} $c"), "a $${b} $c");
  EXPECT_EQ(parse_template(escape("$${x"))->literal(), "$${x");
}

TEST(Placeholder, what_is_not_one_is_refused_and_the_text_around_is_not_shown) {
  for (const char* bad : {"hunter2${", "hunter2${env:}", "hunter2${env:A B}", "hunter2${VAR}",
                          "hunter2${file:key}", "hunter2${command: }", "hunter2${command:'a}",
                          "hunter2${keyring:}", "hunter2${input:x}", "hunter2${file:/a\nb}"}) {
    const Result<Template> parsed = parse_template(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(gatehouse::describe(parsed.error()).find("hunter2"), std::string::npos) << bad;
  }
}

TEST(Placeholder, a_text_and_its_number_of_placeholders_are_bounded) {
  EXPECT_EQ(parse_template(std::string(kTemplateBytes + 1, 'a')).error().code, Errc::too_large);
  std::string many;
  for (std::size_t i = 0; i <= kPlaceholders; ++i) many += "${env:A}";
  EXPECT_EQ(parse_template(many).error().code, Errc::too_large);
}

TEST(Placeholder, pieces_become_the_same_text_again) {
  for (const char* text : {"a $${b} ${env:C} d", "${env:A:-x y}", "${file:/a}${keyring:b c}",
                           R"(${command:a "b c" d})", ""}) {
    const Result<Template> parsed = parse_template(text);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(to_text(*parsed), text);
  }
}

TEST(Placeholder, a_command_is_shown_by_its_program_only) {
  EXPECT_EQ(describe(only("${command:curl -H secret}")), "${command:curl …}");
}

}  // namespace
}  // namespace gatehouse::config
