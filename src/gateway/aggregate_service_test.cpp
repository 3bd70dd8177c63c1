#include "gateway/aggregate_service.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "fakes/gateway_fixture.hpp"
#include "gateway/resource_uris.hpp"

namespace gatehouse::gateway {
namespace {

using fakes::GatewayInside;
using fakes::MadeCall;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

class AggregateServiceTest : public testing::Test {
 protected:
  AggregateServiceTest() {
    gateway.server.results["server/discover"] =
        R"({"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{},"prompts":{},"resources":{},"completions":{}},"ttlMs":0,"cacheScope":"private"})";
    gateway.server.results["prompts/list"] = R"({"prompts":[{"name":"daily plan"}]})";
    gateway.server.results["resources/list"] =
        R"({"resources":[{"uri":"file:///a","name":"a"},{"uri":"https://example.com/x","name":"x"}]})";
    gateway.server.results["resources/templates/list"] =
        R"({"resourceTemplates":[{"uriTemplate":"note:///{id}","name":"n"}]})";
    gateway.add_connection();
  }

  std::string ask(std::string method, std::string params = "{}", std::string name = {}) {
    MadeCall call(gateway.caller(), std::move(name), "{}");
    call.used_method = std::move(method);
    call.used_params = std::move(params);
    return gateway.text_of(run_to_end(gateway.context, service.handle(call)));
  }

  GatewayInside gateway;
  StateKeys keys = fixed_state_key(Secret(random_bytes(32)), "k1");
  Followers followers{{gateway.context.get_executor(), gateway.directory, gateway.upstreams,
                       gateway.refresher, gateway.tasks, gateway.log, gateway.clock},
                      keys};
  AggregateService service{
      {gateway.directory, gateway.bridge, gateway.refresher, followers, gateway.log, gateway.clock},
      {"0.1.0", "/mcp/all", {}, keys}};
};

TEST_F(AggregateServiceTest, lists_what_all_servers_offer_under_names_that_say_whose_it_is) {
  const std::string tools = ask("tools/list");
  EXPECT_TRUE(contains(tools, R"("tools":[{"name":"notes.search","description")")) << tools;
  EXPECT_TRUE(contains(tools, R"({"name":"notes.delete")")) << tools;
  EXPECT_TRUE(contains(tools, R"("cacheScope":"private")")) << tools;
  EXPECT_FALSE(contains(tools, kMissingKey)) << tools;
  EXPECT_TRUE(contains(ask("prompts/list"), R"("prompts":[{"name":"notes.daily_plan_-)"));
  EXPECT_TRUE(contains(ask("resources/list"),
                       R"("resources":[{"uri":"gatehouse://notes/file:///a","name":"a"},)"
                       R"({"uri":"https://example.com/x","name":"x"}])"));
  EXPECT_TRUE(contains(ask("resources/templates/list"),
                       R"([{"uriTemplate":"gatehouse://notes/note:///{id}","name":"n"}])"));
  EXPECT_EQ(gateway.server.asked["tools/list"], 1);
}

TEST_F(AggregateServiceTest, names_a_server_that_could_not_be_listed_and_lists_the_others) {
  gateway.server.status = 503;
  const std::string tools = ask("tools/list");
  EXPECT_TRUE(contains(tools, R"("tools":[])")) << tools;
  EXPECT_TRUE(contains(tools, R"("dev.gatehouse/missing":[{"connection":"notes",)")) << tools;
  EXPECT_TRUE(contains(tools, R"("ttlMs":0)")) << tools;
}

TEST_F(AggregateServiceTest, describes_itself_without_asking_anybody) {
  const auto description = run_to_end(gateway.context, service.describe(*gateway.caller()));
  EXPECT_TRUE(jsonrpc::JsonView::parse(description.capabilities).has_value());
  EXPECT_TRUE(gateway.server.asked.empty());
}

TEST_F(AggregateServiceTest, refuses_cursors_that_are_not_ours) {
  EXPECT_TRUE(ask("tools/list", R"({"cursor":"abc"})").starts_with("-32602"));
  EXPECT_TRUE(ask("tools/list", R"({"cursor":7})").starts_with("-32602"));
}

TEST_F(AggregateServiceTest, maps_the_links_of_a_result_and_nothing_else) {
  ask("tools/list");
  gateway.server.call_result =
      R"({"content":[{"type":"resource_link","uri":"file:///b","name":"b"}],"structuredContent":{"uri":"file:///b","n":1.00}})";
  MadeCall call(gateway.caller(), "notes.search", R"({"query":"x"})");
  EXPECT_EQ(
      gateway.text_of(run_to_end(gateway.context, service.handle(call))),
      R"({"content":[{"type":"resource_link","uri":"gatehouse://notes/file:///b","name":"b"}],"structuredContent":{"uri":"file:///b","n":1.00}})");
}

TEST_F(AggregateServiceTest, reads_a_resource_of_the_server_that_its_uri_names) {
  gateway.server.results["resources/read"] = R"({"contents":[{"uri":"file:///a","text":"t"}]})";
  EXPECT_EQ(ask("resources/read", R"({"uri":"gatehouse://notes/file:///a"})"),
            R"({"contents":[{"uri":"gatehouse://notes/file:///a","text":"t"}]})");
  for (const std::string_view uri :
       {"file:///a", "gatehouse://other/file:///a", "https://example.org/unknown", ""}) {
    const std::string answer = ask("resources/read", R"({"uri":")" + std::string(uri) + "\"}");
    EXPECT_TRUE(answer.starts_with("-32602")) << answer;
  }
  EXPECT_EQ(gateway.server.asked["resources/read"], 1);
}

TEST_F(AggregateServiceTest, reads_a_web_resource_of_the_server_that_lists_it) {
  ask("resources/list");
  gateway.server.results["resources/read"] =
      R"({"contents":[{"uri":"https://example.com/x","text":"t"}]})";
  EXPECT_EQ(ask("resources/read", R"({"uri":"https://example.com/x"})"),
            gateway.server.results["resources/read"]);
  const std::string through = explicit_uri("notes", "https://example.com/x");
  EXPECT_EQ(ask("resources/read", R"({"uri":")" + through + "\"}"),
            R"({"contents":[{"uri":")" + through + R"(","text":"t"}]})");
}

TEST_F(AggregateServiceTest, finds_prompts_and_completions_by_their_public_names) {
  ask("prompts/list");
  gateway.server.results["prompts/get"] = R"({"messages":[]})";
  gateway.server.results["completion/complete"] = R"({"completion":{"values":["v"]}})";
  const std::string name = ask("prompts/list").substr(20, 30);
  const std::string listed = name.substr(0, name.find('"'));
  EXPECT_EQ(ask("prompts/get", R"({"name":")" + listed + "\"}", listed), R"({"messages":[]})")
      << listed;
  EXPECT_TRUE(contains(
      ask("completion/complete",
          R"({"ref":{"type":"ref/resource","uri":"gatehouse://notes/note:///{id}"},"argument":{"name":"id","value":""}})"),
      "values"));
  EXPECT_TRUE(ask("completion/complete", R"({"ref":{"type":"ref/other"}})").starts_with("-32602"));
}

TEST_F(AggregateServiceTest, what_nobody_has_is_unknown) {
  EXPECT_TRUE(ask("tools/call", R"({"name":"search"})", "search").starts_with("-32602"));
  EXPECT_TRUE(ask("tools/call", R"({"name":"x.search"})", "x.search").starts_with("-32602"));
  EXPECT_TRUE(ask("tasks/get", R"({"taskId":"t-1"})").starts_with("-32021"));
  EXPECT_TRUE(ask("tasks/list").starts_with("-32601"));
}

}  // namespace
}  // namespace gatehouse::gateway
