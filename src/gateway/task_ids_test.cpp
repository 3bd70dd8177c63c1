#include "gateway/task_ids.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "fakes/gateway_fixture.hpp"
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

class TasksOfTools : public TaskIdsTest {
 protected:
  void load() {
    (void)gateway.run(gateway.directory.ensure_fresh());
    const upstream::Target target{gateway.directory.find("notes")->connection, local_member(),
                                  "default"};
    (void)gateway.run(gateway.upstreams.refresh_catalog(target));
    (void)gateway.run(gateway.directory.ensure_fresh());
  }
  bool is_known(const std::string& method) {
    fakes::MadeCall call(gateway.caller(), "", "");
    const std::string id = ids.seal(gateway.caller()->principal, {"notes", "search", "t-1"});
    call.used_method = method;
    call.used_params = "{\"taskId\":" + jsonrpc::quote(id) + "}";
    return ids.route(call, gateway.directory).has_value();
  }
  fakes::GatewayInside gateway;
};

TEST_F(TasksOfTools, are_known_while_their_tool_may_be_called) {
  gateway.add_connection();
  load();
  for (const char* method : {"tasks/get", "tasks/update", "tasks/cancel"})
    EXPECT_TRUE(is_known(method)) << method;
}

TEST_F(TasksOfTools, may_only_be_cancelled_when_their_tool_was_excluded) {
  gateway.connection.options.tools.exclude = {"search"};
  gateway.add_connection();
  load();
  EXPECT_FALSE(is_known("tasks/get"));
  EXPECT_FALSE(is_known("tasks/update"));
  EXPECT_TRUE(is_known("tasks/cancel"));
}

TEST_F(TasksOfTools, may_only_be_cancelled_when_their_tool_is_held_back) {
  gateway.connection.options.on_change = vault::OnChange::block;
  gateway.add_connection();
  load();
  EXPECT_TRUE(is_known("tasks/get"));
  gateway.server.tools =
      R"([{"name":"search","description":"other","inputSchema":{"type":"object"}}])";
  load();
  EXPECT_FALSE(is_known("tasks/get"));
  EXPECT_TRUE(is_known("tasks/cancel"));
}

}  // namespace
}  // namespace gatehouse::gateway
