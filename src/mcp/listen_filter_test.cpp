#include "mcp/listen_filter.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::mcp {
namespace {

TEST(ListenFilter, comes_back_as_it_was_made) {
  Interest interest;
  interest.tools = interest.resources = true;
  interest.resource_uris = {"file:///a", "test://\"q\""};
  interest.task_ids = {"t1"};
  const std::string raw = make_listen_filter(interest);
  EXPECT_EQ(raw, R"({"toolsListChanged":true,"resourcesListChanged":true,)"
                 R"("resourceSubscriptions":["file:///a","test://\"q\""],"taskIds":["t1"]})");
  EXPECT_EQ(parse_listen_filter(raw), interest);
  EXPECT_EQ(make_listen_filter({}), "{}");
  EXPECT_TRUE(parse_listen_filter(R"({"toolsListChanged":false,"later":[1]})")->empty());
}

TEST(ListenFilter, names_what_is_wrong) {
  for (const char* bad : {"[]", R"({"toolsListChanged":1})", R"({"resourceSubscriptions":"a"})",
                          R"({"taskIds":[1]})"}) {
    EXPECT_EQ(parse_listen_filter(bad).error().code, Errc::invalid_argument) << bad;
  }
  std::string many = R"({"resourceSubscriptions":["0")";
  for (std::size_t i = 1; i <= limits::kFollowedResources; ++i)
    many += ",\"" + std::to_string(i) + "\"";
  EXPECT_EQ(parse_listen_filter(many + "]}").error().code, Errc::too_large);
}

TEST(ListenFilter, nobody_hears_what_they_did_not_ask_for) {
  Interest interest;
  interest.prompts = true;
  interest.resource_uris = {"file:///a"};
  interest.task_ids = {"t1"};
  EXPECT_TRUE(hears(interest, "notifications/prompts/list_changed", "{}"));
  EXPECT_FALSE(hears(interest, "notifications/tools/list_changed", "{}"));
  EXPECT_TRUE(hears(interest, "notifications/resources/updated", R"({"uri":"file:///a/b"})"));
  EXPECT_FALSE(hears(interest, "notifications/resources/updated", R"({"uri":"file:///b"})"));
  EXPECT_FALSE(hears(interest, "notifications/resources/updated", ""));
  EXPECT_TRUE(hears(interest, "notifications/tasks", R"({"taskId":"t1"})"));
  EXPECT_FALSE(hears(interest, "notifications/tasks", R"({"taskId":"t2"})"));
  EXPECT_FALSE(hears(interest, "notifications/message", R"({"level":"error"})"));
  EXPECT_FALSE(hears(interest, "notifications/progress", "{}"));
}

}  // namespace
}  // namespace gatehouse::mcp
