#include "gateway/meta_tools.hpp"

#include <gtest/gtest.h>

#include "jsonrpc/json.hpp"

namespace gatehouse::gateway {
namespace {

TEST(MetaTools, are_exactly_two_whatever_is_connected) {
  const std::vector<ConnectionNote> notes{{"notion", "ready", "", 14},
                                          {"slack", "sign_in_required", "", 0}};
  const std::string json = "{" + tool_list_members(notes) + "}";
  const Result<jsonrpc::JsonView> list = jsonrpc::JsonView::parse(json);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->find("tools")->size(), 2U);
  const std::string text(list->raw());
  EXPECT_NE(text.find("notion (14 tools)"), std::string::npos);
  EXPECT_NE(text.find("slack (needs a sign-in"), std::string::npos);
}

TEST(MetaTools, name_the_argument_that_is_wrong) {
  EXPECT_EQ(parse_search_query(R"({"limit":0})").error().detail,
            "limit must be an integer from 1 to 50");
  EXPECT_FALSE(parse_search_query(R"({"query":7})"));
  EXPECT_FALSE(parse_search_query(R"({"q":"x"})"));
  EXPECT_FALSE(parse_execute_command(R"({"arguments":{}})"));
  EXPECT_FALSE(parse_execute_command(R"({"name":"a.b","arguments":[]})"));
  EXPECT_EQ(parse_execute_command(R"({"name":"a.b","arguments":null})")->arguments, "{}");
}

TEST(MetaTools, show_parameters_in_one_line) {
  EXPECT_EQ(
      parameter_signature(
          R"({"properties":{"q":{"type":"string"},"n":{"type":["integer","null"]},"e":{"enum":[1]}},"required":["q"]})"),
      "q: string, n?: integer|null, e?: enum");
  EXPECT_EQ(parameter_signature("{}"), "");
  EXPECT_EQ(parameter_signature("nonsense"), "");
}

TEST(VisibleText, shows_what_would_hide_and_bounds_the_rest) {
  EXPECT_EQ(visible_text("a\n\tb\x1b[31m", 100), "a b\\u{1B}[31m");
  EXPECT_EQ(visible_text("x\u200b\u202ey", 100), "x\\u{200B}\\u{202E}y");
  EXPECT_EQ(visible_text("äöü", 4), "äö…");
}

}  // namespace
}  // namespace gatehouse::gateway
