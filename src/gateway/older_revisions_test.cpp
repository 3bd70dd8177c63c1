#include "gateway/older_revisions.hpp"

#include <gtest/gtest.h>

namespace gatehouse::gateway {
namespace {

TEST(OlderRevisions, tools_have_object_schemas_and_nothing_else_changes) {
  EXPECT_EQ(
      for_older_revision(
          "tools/list", "2025-11-25",
          R"({"tools":[{"name":"a","inputSchema":{},"outputSchema":{"type":"array"}},{"name":"b","inputSchema":{"allOf":[]},"x":1.0}],"n":1})"),
      R"({"tools":[{"name":"a","inputSchema":{"type":"object"}},{"name":"b","inputSchema":{"type":"object","allOf":[]},"x":1.0}],"n":1})");
  EXPECT_FALSE(for_older_revision(
      "tools/list", "2025-03-26",
      R"({"tools":[{"name":"a","inputSchema":{"type":"object"},"outputSchema":{"type":"object"}}]})"));
}

TEST(OlderRevisions, links_to_resources_are_words_before_2025_06_18) {
  const char* const result =
      R"({"content":[{"type":"text","text":"t"},{"type":"resource_link","name":"n","uri":"file:///x"}]})";
  EXPECT_EQ(for_older_revision("tools/call", "2025-03-26", result),
            R"({"content":[{"type":"text","text":"t"},{"type":"text","text":"n: file:///x"}]})");
  EXPECT_FALSE(for_older_revision("tools/call", "2025-06-18", result));
  EXPECT_EQ(for_older_revision(
                "prompts/get", "2024-11-05",
                R"({"messages":[{"role":"user","content":{"type":"resource_link","uri":"a:b"}}]})"),
            R"({"messages":[{"role":"user","content":{"type":"text","text":"resource: a:b"}}]})");
}

}  // namespace
}  // namespace gatehouse::gateway
