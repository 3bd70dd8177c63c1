#include "cli/tool_arguments.hpp"

#include <gtest/gtest.h>

namespace gatehouse::cli {
namespace {

constexpr std::string_view kSchema = R"({"type":"object","properties":{
  "name":{"type":"string"},"limit":{"type":"integer"},"ratio":{"type":"number"},
  "draft":{"type":"boolean"},"tags":{"type":"array","items":{"type":"string"}},
  "filter":{"type":"object"},"either":{"type":["string","integer"]},
  "color":{"enum":["red","green"]},"choice":{"anyOf":[{"type":"integer"},{"type":"null"}]}}})";

std::string made(std::vector<std::string> pairs) {
  const Result<std::string> arguments = make_arguments(kSchema, pairs);
  return arguments ? *arguments : arguments.error().detail;
}

TEST(ToolArguments, values_take_the_type_of_their_property) {
  EXPECT_EQ(made({"name=12", "limit=12", "ratio=1.50", "draft=true"}),
            R"({"name":"12","limit":12,"ratio":1.50,"draft":true})");
  EXPECT_EQ(made({"filter={\"a\": [1]}"}), R"({"filter":{"a": [1]}})");
  EXPECT_EQ(made({"color=red", "choice=null"}), R"({"color":"red","choice":null})");
}

TEST(ToolArguments, a_property_with_several_types_prefers_what_the_text_reads_as) {
  EXPECT_EQ(made({"either=12"}), R"({"either":12})");
  EXPECT_EQ(made({"either=twelve"}), R"({"either":"twelve"})");
}

TEST(ToolArguments, a_repeated_key_fills_an_array) {
  EXPECT_EQ(made({"tags=a", "tags=2"}), R"({"tags":["a","2"]})");
  EXPECT_EQ(made({"tags=[\"a\",\"b\"]"}), R"({"tags":["a","b"]})");
}

TEST(ToolArguments, a_repeated_key_elsewhere_is_refused) {
  EXPECT_EQ(made({"name=a", "name=b"}), "name is given twice");
}

TEST(ToolArguments, text_that_is_not_of_the_type_is_refused_by_name) {
  EXPECT_EQ(made({"limit=many"}), "limit: \"many\" is not of type integer");
  EXPECT_EQ(made({"limit=1.5"}), "limit: \"1.5\" is not of type integer");
}

TEST(ToolArguments, colon_equals_is_json) {
  EXPECT_EQ(made({"name:={\"deep\":1}"}), R"({"name":{"deep":1}})");
  EXPECT_EQ(made({"name:=oops"}), "name: what follows := is not JSON");
}

TEST(ToolArguments, unknown_properties_are_taken_unless_the_schema_forbids_them) {
  EXPECT_EQ(made({"other=1", "more=x"}), R"({"other":1,"more":"x"})");
  const Result<std::string> refused = make_arguments(
      R"({"properties":{"query":{"type":"string"}},"additionalProperties":false})", {"qeury=x"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "the tool has no argument \"qeury\". Did you mean \"query\"?");
}

TEST(ToolArguments, a_value_may_contain_equals_signs_and_quotes) {
  EXPECT_EQ(made({"name=a=b \"c\""}), R"({"name":"a=b \"c\""})");
}

TEST(ToolArguments, number_text_survives) {
  EXPECT_EQ(made({"ratio=12345678901234567890.10"}), R"({"ratio":12345678901234567890.10})");
}

TEST(ToolArguments, a_document_must_be_one_object) {
  EXPECT_EQ(parse_arguments(" {\"a\":\n1} ", "the arguments"), R"({"a":1})");
  EXPECT_FALSE(parse_arguments("[1]", "the arguments"));
  EXPECT_FALSE(parse_arguments("{\"a\":1,\"a\":2}", "the arguments"));
  EXPECT_FALSE(parse_arguments("{\"a\":1}x", "the arguments"));
}

}  // namespace
}  // namespace gatehouse::cli
