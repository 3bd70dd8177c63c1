#include "catalog/definition.hpp"

#include <gtest/gtest.h>

namespace gatehouse::catalog {
namespace {

using What = DefinitionChange::What;

TEST(Definition, digest_ignores_how_it_is_written_and_nothing_else) {
  const std::string plain =
      R"({"name":"a","description":"Über","inputSchema":{"type":"object","properties":{"x":{"type":"string"},"y":{}}}})";
  const std::string same =
      R"({ "inputSchema" : {"properties":{"y":{ },"x":{"type":"string"}},"type":"object"},
           "description":"\u00dcber", "name":"a" })";
  EXPECT_EQ(digest_of_definition(plain), digest_of_definition(same));
  EXPECT_EQ(digest_of_definition(plain).size(), 66U);
  EXPECT_TRUE(digest_of_definition(plain).starts_with("1:"));
  for (const char* other :
       {R"({"name":"b","description":"d"})", R"({"name":"a","description":"d."})",
        R"({"name":"a","description":"d","title":"t"})",
        R"({"name":"a","description":"d","inputSchema":{}})",
        R"({"name":"a","description":"d","outputSchema":{}})",
        R"({"name":"a","description":"d","annotations":{"readOnlyHint":true}})"}) {
    EXPECT_NE(digest_of_definition(R"({"name":"a","description":"d"})"),
              digest_of_definition(other))
        << other;
  }
  EXPECT_EQ(digest_of_definition(R"({"name":"a","_meta":{"n":1},"icons":[]})"),
            digest_of_definition(R"({"name":"a","_meta":{"n":2}})"))
      << "what may differ from listing to listing is not pinned";
  EXPECT_NE(
      digest_of_definition(R"({"name":"a","inputSchema":{"maximum":10000000000000000000001}})"),
      digest_of_definition(R"({"name":"a","inputSchema":{"maximum":10000000000000000000002}})"))
      << "number text counts";
}

TEST(Definition, difference_names_what_was_added_removed_and_changed) {
  const auto changes = diff_definitions(
      R"({"name":"a","description":"d","inputSchema":{"properties":{"x":{"type":"string"},"z":{}},"required":["x"]}})",
      R"({"name":"a","description":"e","inputSchema":{"required":["x","y"],"properties":{"x":{"type":"integer"},"y":{}}}})");
  ASSERT_EQ(changes.size(), 5U);
  EXPECT_EQ(changes[0].path, "description");
  EXPECT_EQ(changes[0].before, R"("d")");
  EXPECT_EQ(changes[0].after, R"("e")");
  EXPECT_EQ(changes[1].path, "inputSchema.properties.x.type");
  EXPECT_EQ(changes[2].path, "inputSchema.properties.z");
  EXPECT_EQ(changes[2].what, What::removed);
  EXPECT_EQ(changes[3].path, "inputSchema.properties.y");
  EXPECT_EQ(changes[3].what, What::added);
  EXPECT_EQ(changes[4].path, "inputSchema.required[]");
  EXPECT_EQ(changes[4].after, R"("y")");
  EXPECT_TRUE(diff_definitions(R"({"name":"a"})", R"({"name":"a","_meta":{}})").empty());
}

TEST(Definition, difference_is_bounded) {
  std::string many = R"({"inputSchema":{)";
  for (int i = 0; i < 1000; ++i) many += (i ? ",\"m" : "\"m") + std::to_string(i) + "\":1";
  EXPECT_EQ(diff_definitions("{\"inputSchema\":{}}", many + "}}").size(), kMostChanges);
}

std::string marked(std::string_view before, std::string_view after) {
  std::string out;
  for (const WordRun& run : diff_words(before, after)) {
    const char* mark = run.what == WordRun::What::same    ? "="
                       : run.what == WordRun::What::added ? "+"
                                                          : "-";
    out += mark + run.text + "|";
  }
  return out;
}

TEST(Definition, words_are_told_apart_within_a_text) {
  EXPECT_EQ(marked("Searches notes by title.", "Searches all notes by title."),
            "=Searches |+all |=notes by title.|");
  EXPECT_EQ(marked("a b c", "a x c"), "=a |-b |+x |=c|");
  EXPECT_EQ(marked("", "a"), "+a|");
  EXPECT_EQ(marked("a", ""), "-a|");
  EXPECT_EQ(marked("", ""), "");
  std::string one, other;
  for (int i = 0; i < 5000; ++i) {
    one += "a" + std::to_string(i) + " ";
    other += "b" + std::to_string(i) + " ";
  }
  EXPECT_EQ(diff_words(one, other).size(), 2U);
}

}  // namespace
}  // namespace gatehouse::catalog
