#include "catalog/capability.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gatehouse::catalog {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> names_of(const std::vector<ParameterText>& parameters) {
  std::vector<std::string> names;
  for (const ParameterText& parameter : parameters) names.push_back(parameter.name);
  return names;
}

TEST(Capability, is_named_by_its_connection_and_tool) {
  EXPECT_EQ(capability_name("github", "create_issue"), "github.create_issue");
}

TEST(Risk, is_read_when_the_server_says_read_only) {
  EXPECT_EQ(risk_of_annotations(R"({"readOnlyHint":true})"), Risk::read);
}

TEST(Risk, of_a_read_only_tool_ignores_the_destructive_hint_as_the_specification_does) {
  EXPECT_EQ(risk_of_annotations(R"({"destructiveHint":true,"readOnlyHint":true})"), Risk::read);
}

TEST(Risk, is_destructive_when_the_server_says_so) {
  EXPECT_EQ(risk_of_annotations(R"({"destructiveHint":true})"), Risk::destructive);
}

TEST(Risk, is_write_when_the_annotations_say_nothing_readable) {
  for (const char* text : {"", "{}", "null", "[]", "{", R"({"readOnlyHint":"true"})",
                           R"({"readOnlyHint":false,"destructiveHint":false})"}) {
    EXPECT_EQ(risk_of_annotations(text), Risk::write) << text;
  }
}

TEST(FirstSentence, ends_at_a_full_stop_followed_by_a_space) {
  EXPECT_EQ(first_sentence("Creates an issue in a repository. Needs a token."),
            "Creates an issue in a repository.");
}

TEST(FirstSentence, ends_at_a_line_break_and_skips_leading_space) {
  EXPECT_EQ(first_sentence("\n  Short\nArgs:\n  x"), "Short");
}

TEST(FirstSentence, does_not_end_inside_a_version_or_an_abbreviation) {
  EXPECT_EQ(first_sentence("E.g. calls api v1.2 of example.com. Then more."),
            "E.g. calls api v1.2 of example.com.");
}

TEST(FirstSentence, ends_at_a_chinese_full_stop) {
  EXPECT_EQ(first_sentence("查询天气。返回结果"), "查询天气。");
}

TEST(FirstSentence, that_is_too_long_is_cut_between_characters) {
  EXPECT_EQ(first_sentence("äöü", 3), "ä");
  EXPECT_EQ(first_sentence("abc", 3), "abc");
}

TEST(ParameterTexts, name_properties_with_their_descriptions_and_choices) {
  const auto found = find_parameter_texts(R"({"type":"object","properties":{
      "title":{"type":"string","description":"What it is about"},
      "state":{"enum":["open","closed",3]}}})");
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].name, "title");
  EXPECT_EQ(found[0].description, "What it is about");
  EXPECT_EQ(found[1].description, "open\nclosed");
}

TEST(ParameterTexts, include_nested_objects_items_and_alternatives) {
  const auto found = find_parameter_texts(R"({"properties":{
      "filter":{"properties":{"author":{}}},
      "labels":{"items":{"properties":{"colour":{}}}},
      "target":{"anyOf":[{"properties":{"user":{}}},{"type":"null"}]}}})");
  EXPECT_THAT(names_of(found),
              ElementsAre("filter", "labels", "target", "author", "colour", "user"));
}

TEST(ParameterTexts, stop_at_the_limits_of_depth_and_number) {
  const std::string nested = R"({"properties":{"a":{"properties":{"b":{"properties":{"c":{}}}}}}})";
  EXPECT_THAT(names_of(find_parameter_texts(nested, {.max_depth = 2})), ElementsAre("a", "b"));
  const std::string wide = R"({"properties":{"a":{},"b":{},"c":{}}})";
  EXPECT_THAT(names_of(find_parameter_texts(wide, {.max_parameters = 2})), ElementsAre("a", "b"));
  EXPECT_THAT(find_parameter_texts(wide, {.max_bytes = 5}), IsEmpty());
}

TEST(ParameterTexts, of_a_long_description_are_cut) {
  const auto found = find_parameter_texts(R"({"properties":{"a":{"description":")" +
                                          std::string(5000, 'x') + R"("}}})");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].description.size(), 1024u);
}

TEST(ParameterTexts, of_what_is_not_a_schema_are_none) {
  for (const char* text :
       {"", "{", "[]", "null", "true", R"({"properties":[]})", R"({"properties":"x"})",
        R"({"items":[{"properties":{"a":{}}}]})", R"({"anyOf":{"properties":{}}})"}) {
    EXPECT_THAT(find_parameter_texts(text), IsEmpty()) << text;
  }
  EXPECT_THAT(find_parameter_texts(R"({"properties":{"a":true}})"), SizeIs(1));
  EXPECT_THAT(find_parameter_texts(std::string(100'000, '[')), IsEmpty());
}

}  // namespace
}  // namespace gatehouse::catalog
