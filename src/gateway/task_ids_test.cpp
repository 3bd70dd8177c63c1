#include "gateway/task_ids.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::gateway {
namespace {

identity::Principal member(std::string id) {
  identity::Principal principal;
  principal.organization = OrganizationId{"org_1"};
  principal.member = MemberId{std::move(id)};
  return principal;
}

class TaskIdsTest : public testing::Test {
 protected:
  TaskIds ids{fixed_state_key(Secret(random_bytes(32)), "k1")};
  identity::Principal ada = member("mem_ada");
};

TEST_F(TaskIdsTest, lead_back_to_connection_tool_and_task) {
  const TaskName task{"notes", "index", "t-1 \"ü\""};
  EXPECT_EQ(ids.open(ada, ids.seal(ada, task)), task);
}

TEST_F(TaskIdsTest, are_unknown_to_other_members_and_when_changed) {
  const std::string id = ids.seal(ada, {"notes", "index", "t-1"});
  EXPECT_FALSE(ids.open(member("mem_bob"), id));
  for (std::size_t i = 0; i < id.size(); ++i) {
    std::string changed = id;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(ids.open(ada, changed)) << i;
  }
  for (const std::string_view text : {"", "t-1", "s1.k1.", "s1..."})
    EXPECT_FALSE(ids.open(ada, text));
}

TEST_F(TaskIdsTest, take_the_place_of_the_servers_in_what_makes_a_task) {
  const auto sealed =
      ids.seal_created(ada, "notes", "index",
                       R"({"resultType":"task", "taskId":"t-1","ttlMs":1e3,"x":{"taskId":"y"}})");
  ASSERT_TRUE(sealed);
  const auto view = jsonrpc::JsonView::parse(*sealed);
  EXPECT_EQ(ids.open(ada, *view->string("taskId"))->id, "t-1");
  EXPECT_TRUE(sealed->ends_with(R"(,"ttlMs":1e3,"x":{"taskId":"y"}})")) << *sealed;
  EXPECT_FALSE(ids.seal_created(ada, "notes", "index", R"({"content":[],"taskId":"t-1"})"));
  EXPECT_FALSE(ids.seal_created(ada, "notes", "index", R"({"content":[]})"));
}

}  // namespace
}  // namespace gatehouse::gateway
