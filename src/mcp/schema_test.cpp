#include "mcp/schema.hpp"

#include "mcp/pattern.hpp"

namespace gatehouse::mcp {
namespace {

std::string problems(std::string_view schema, std::string_view value) {
  const auto compiled = Schema::compile(schema);
  if (!compiled) return "schema: " + compiled.error().detail;
  return describe((*compiled)->validate(value));
}

bool valid(std::string_view schema, std::string_view value) {
  return problems(schema, value).empty();
}

TEST(Schema, names_the_place_and_the_reason) {
  const std::string_view schema =
      R"({"type":"object","properties":{"repo":{"type":"string"},"n":{"type":"integer","minimum":1},)"
      R"("tags":{"type":"array","items":{"enum":["a","b"]}}},"required":["repo"],"additionalProperties":false})";
  EXPECT_EQ(problems(schema, R"({"repo":1})"), "/arguments/repo: must be a string, is a number");
  EXPECT_EQ(problems(schema, "{}"), "/arguments/repo: is required");
  EXPECT_EQ(problems(schema, R"({"repo":"x","n":1.5})"),
            "/arguments/n: must be an integer, is a number with a fraction");
  EXPECT_EQ(problems(schema, R"({"repo":"x","n":0})"), "/arguments/n: must be at least 1");
  EXPECT_EQ(problems(schema, R"({"repo":"x","tags":["a","c"]})"),
            R"(/arguments/tags/1: must be one of "a", "b")");
  EXPECT_EQ(problems(schema, R"({"repo":"x","m":1})"),
            "/arguments/m: is not a known parameter (known: repo, n, tags)");
  EXPECT_EQ(problems(schema, "[]"), "/arguments: must be an object, is an array");
  EXPECT_TRUE(valid(schema, R"({"repo":"x","n":2.0,"tags":[]})"));
}

TEST(Schema, compares_values_not_texts) {
  EXPECT_TRUE(valid(R"({"const":{"a":1,"b":[1.0]}})", R"({"b":[1],"a":1.0})"));
  EXPECT_TRUE(valid(R"({"enum":["\u00e9"]})", "\"\xC3\xA9\""));
  EXPECT_FALSE(valid(R"({"enum":[9007199254740993]})", "9007199254740992"));
  EXPECT_FALSE(valid(R"({"uniqueItems":true})", R"([{"a":1,"b":2},{"b":2,"a":1}])"));
}

TEST(Schema, applies_combinations) {
  EXPECT_FALSE(valid(R"({"oneOf":[{"type":"integer"},{"minimum":2}]})", "3"));
  EXPECT_TRUE(valid(R"({"oneOf":[{"type":"integer"},{"minimum":2}]})", "2.5"));
  EXPECT_FALSE(valid(R"({"not":{"type":"null"}})", "null"));
  const std::string_view conditional =
      R"({"if":{"properties":{"k":{"const":"a"}},"required":["k"]},"then":{"required":["x"]},"else":{"required":["y"]}})";
  EXPECT_TRUE(valid(conditional, R"({"k":"a","x":1})"));
  EXPECT_EQ(problems(conditional, R"({"k":"b"})"), "/arguments/y: is required");
  EXPECT_EQ(problems(R"({"anyOf":[{"type":"null"},{"type":"string","maxLength":1}]})", R"("ab")"),
            "/arguments: must have at most 1 characters, has 2");
}

TEST(Schema, follows_references_inside_of_the_schema) {
  const std::string_view tree =
      R"({"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"next":{"$ref":"#/$defs/node"},"s":{"$ref":"#short"}}},)"
      R"("s":{"$anchor":"short","maxLength":1}}})";
  EXPECT_TRUE(valid(tree, R"({"next":{"next":{"s":"a"}}})"));
  EXPECT_EQ(problems(tree, R"({"next":{"next":1}})"),
            "/arguments/next/next: must be an object, is a number");
  EXPECT_FALSE(valid(tree, R"({"next":{"s":"ab"}})"));
}

TEST(Schema, refuses_references_that_lead_out) {
  EXPECT_NE(problems(R"({"$ref":"https://example.com/s.json"})", "1").find("never fetched"),
            std::string::npos);
  EXPECT_NE(problems(R"({"$ref":"#/$defs/none"})", "1").find("leads nowhere"), std::string::npos);
  EXPECT_NE(problems(R"({"$schema":"https://example.com/dialect"})", "1").find("not supported"),
            std::string::npos);
}

TEST(Schema, ends_although_a_schema_does_not) {
  EXPECT_NE(problems(R"({"$ref":"#"})", "1").find("too long"), std::string::npos);
  std::string bomb = R"({"$defs":{"a0":{"type":"string"})";
  for (int i = 1; i < 40; ++i) {
    const std::string ref = R"({"$ref":"#/$defs/a)" + std::to_string(i - 1) + "\"}";
    bomb += ",\"a" + std::to_string(i) + "\":{\"oneOf\":[" + ref + "," + ref + "]}";
  }
  bomb += R"(},"$ref":"#/$defs/a39"})";
  EXPECT_NE(problems(bomb, "1").find("too long"), std::string::npos);
}

TEST(Schema, knows_what_other_parts_evaluated) {
  const std::string_view schema =
      R"({"allOf":[{"properties":{"a":true}}],"anyOf":[{"properties":{"b":{"type":"string"}},"required":["b"]},true],)"
      R"("unevaluatedProperties":false})";
  EXPECT_TRUE(valid(schema, R"({"a":1,"b":"x"})"));
  EXPECT_FALSE(valid(schema, R"({"a":1,"c":1})"));
}

TEST(Schema, checks_objects_and_arrays) {
  EXPECT_FALSE(valid(R"({"propertyNames":{"pattern":"^[a-z]+$"}})", R"({"A":1})"));
  EXPECT_TRUE(
      valid(R"({"patternProperties":{"^x-":{"type":"string"}},"additionalProperties":false})",
            R"({"x-a":"1"})"));
  EXPECT_FALSE(valid(R"({"dependentRequired":{"a":["b"]}})", R"({"a":1})"));
  EXPECT_FALSE(
      valid(R"({"prefixItems":[{"type":"string"}],"items":{"type":"number"}})", R"(["a","b"])"));
  EXPECT_FALSE(valid(R"({"contains":{"const":1},"maxContains":1})", "[1,1]"));
  EXPECT_FALSE(valid(R"({"multipleOf":0.1})", "0.35"));
  EXPECT_TRUE(valid(R"({"multipleOf":0.1})", "0.3"));
  EXPECT_FALSE(valid("false", "1"));
  EXPECT_TRUE(valid("{}", "1"));
}

TEST(Schema, says_which_patterns_it_does_not_run) {
  const auto schema = Schema::compile(R"({"pattern":"(?=a)b"})");
  ASSERT_TRUE(schema);
  EXPECT_EQ((*schema)->unchecked().size(), 1U);
  EXPECT_TRUE((*schema)->validate("\"z\"").empty());
}

TEST(Pattern, matches_like_ecma_script) {
  const auto matches = [](std::string_view pattern, std::string_view text) {
    const auto compiled = Pattern::compile(pattern);
    return compiled && compiled->search(text);
  };
  EXPECT_TRUE(matches("^[a-z0-9-]+$", "ab-9"));
  EXPECT_FALSE(matches("^[a-z0-9-]+$", "ab_9"));
  EXPECT_TRUE(matches("a|b|cd", "xxcdxx"));
  EXPECT_TRUE(matches("^(\\d{3})-?\\d{2,4}$", "123-4567"));
  EXPECT_FALSE(matches("^\\d{2,4}$", "12345"));
  EXPECT_TRUE(matches("^(?:a|)*b{0}c?$", "aaac"));
  EXPECT_TRUE(matches("^.$", "\xE2\x82\xAC"));
  EXPECT_TRUE(matches("^[^\\s/]+\\/\\w+$", "owner/repo"));
  EXPECT_TRUE(matches("\\bfoo\\b", "a foo b"));
  EXPECT_FALSE(matches("\\bfoo\\b", "afoob"));
  EXPECT_TRUE(matches("^\\u00e9[\\x41-\\x43]$",
                      "\xC3\xA9"
                      "B"));
  EXPECT_TRUE(matches("^(?<year>\\d{4})$", "2026"));
  for (const char* unsupported : {"(?=a)", "(?<!a)", "(a)\\1", "\\p{L}", "a{2", "[b-a]", "(", "*a",
                                  "a)", "(a{1000}){1000}"}) {
    EXPECT_FALSE(Pattern::compile(unsupported)) << unsupported;
  }
}

TEST(Pattern, is_linear_where_backtracking_explodes) {
  const auto pattern = Pattern::compile("^(a+)+$");
  ASSERT_TRUE(pattern);
  EXPECT_FALSE(pattern->search(std::string(20000, 'a') + "!"));
}

TEST(Schema, takes_null_for_an_optional_argument_as_left_out) {
  const auto schema = Schema::compile(
      R"({"type":"object","properties":{"a":{"type":"boolean"},"b":{"type":"object","properties":{"c":{"type":"string"}}},"r":{"type":"string"}},"required":["r"]})");
  ASSERT_TRUE(schema);
  EXPECT_TRUE((*schema)->check_arguments(R"({"a":null,"r":"x"})").empty());
  EXPECT_FALSE((*schema)->check_arguments(R"({"r":null})").empty());
  EXPECT_FALSE((*schema)->check_arguments(R"({"r":"x","b":{"c":null}})").empty());
  EXPECT_FALSE((*schema)->validate(R"({"a":null,"r":"x"})").empty());
}

}  // namespace
}  // namespace gatehouse::mcp
