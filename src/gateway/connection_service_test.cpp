#include "gateway/connection_service.hpp"

#include <gtest/gtest.h>

#include "fakes/gateway_fixture.hpp"
#include "gateway/names.hpp"
#include "gateway/relayed_server.hpp"
#include "mcp/capabilities.hpp"

namespace gatehouse::gateway {
namespace {

using fakes::GatewayInside;
using fakes::MadeCall;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

class ConnectionServiceTest : public testing::Test {
 protected:
  MadeCall call(const std::string& tool, const std::string& arguments) {
    MadeCall made(gateway.caller(), tool, arguments);
    made.used_params = "{\"name\":" + jsonrpc::quote(tool) + ",\"arguments\":" + arguments + "}";
    return made;
  }
  MadeCall request(const std::string& method, const std::string& params) {
    MadeCall made(gateway.caller(), "", "");
    made.used_method = method;
    made.used_params = params;
    return made;
  }
  std::string run(MadeCall& made) {
    return gateway.text_of(run_to_end(gateway.context, service.handle(made)));
  }
  std::string run(MadeCall&& made) { return run(made); }
  static std::string state_of(const std::string& asked) {
    const std::string json = "{" + asked + "}";
    const auto view = jsonrpc::JsonView::parse(json);
    return view ? view->string("requestState").value_or("") : std::string();
  }

  GatewayInside gateway;
  Followers followers{{gateway.context.get_executor(), gateway.directory, gateway.upstreams,
                       gateway.refresher, gateway.tasks, gateway.log, gateway.clock},
                      fixed_state_key(Secret(std::string(32, 'k')), "k1")};
  ConnectionService service{{gateway.directory, gateway.bridge, gateway.pipeline, gateway.upstreams,
                             followers, gateway.log},
                            {"notes", "0.1.0", "/mcp/c/notes", "https://x/metadata",
                             fixed_state_key(Secret(std::string(32, 'k')), "k1")}};
};

TEST_F(ConnectionServiceTest, a_tool_has_its_own_name_and_its_result_passes_as_it_came) {
  gateway.add_connection();
  gateway.server.call_result =
      R"({"resultType":"complete","content":[],"x":1.00,"_meta":{"a/b":1}})";
  EXPECT_EQ(run(call("search", R"({"query":"x"})")), gateway.server.call_result);
  EXPECT_TRUE(contains(gateway.audit.lines.back(), "notes.search ok"));
}

TEST_F(ConnectionServiceTest, a_tool_that_is_not_there_is_a_json_rpc_error_and_wrong_input_is_not) {
  gateway.add_connection();
  EXPECT_TRUE(contains(run(call("nothing", "{}")), "-32602"));
  EXPECT_TRUE(contains(run(call("search", R"({"query":7})")), "isError"));
}

TEST_F(ConnectionServiceTest, excluded_tools_are_not_listed_and_the_page_is_private_then) {
  gateway.connection.options.tools.exclude = {"delete"};
  gateway.add_connection();
  const std::string listed = run(request("tools/list", "{}"));
  EXPECT_TRUE(contains(listed, "\"search\"")) << listed;
  EXPECT_FALSE(contains(listed, "\"delete\"")) << listed;
  EXPECT_FALSE(contains(listed, "cacheScope")) << listed;
}

/// A list of one tool that is described twice.
constexpr const char* kTwice =
    R"([{"name":"search","description":"first","inputSchema":{"type":"object"}},)"
    R"({"name":"search","description":"second","inputSchema":{"type":"object"}}])";

TEST_F(ConnectionServiceTest, a_page_with_the_same_name_twice_under_block_shows_what_was_accepted) {
  gateway.connection.options.on_change = vault::OnChange::block;
  gateway.add_connection();
  gateway.server.tools = kTwice;
  for (int round = 0; round < 2; ++round) {
    const std::string listed = run(request("tools/list", "{}"));
    EXPECT_TRUE(contains(listed, "first")) << listed;
    EXPECT_FALSE(contains(listed, "second")) << listed;
  }
}

TEST_F(ConnectionServiceTest, a_second_definition_that_comes_later_under_block_is_not_shown) {
  gateway.connection.options.on_change = vault::OnChange::block;
  gateway.add_connection();
  gateway.server.tools =
      R"([{"name":"search","description":"first","inputSchema":{"type":"object"}}])";
  EXPECT_TRUE(contains(run(request("tools/list", "{}")), "first"));
  // Written otherwise, but the same: what nobody pins differs.
  gateway.server.tools =
      R"([{"description":"first","name":"search","inputSchema":{"type":"object"},"_meta":{"a/b":1}}])";
  EXPECT_TRUE(contains(run(request("tools/list", "{}")), "first"));
  gateway.server.tools = kTwice;
  const std::string listed = run(request("tools/list", "{}"));
  EXPECT_TRUE(contains(listed, "first")) << listed;
  EXPECT_FALSE(contains(listed, "second")) << listed;
  gateway.server.tools =
      R"([{"name":"search","description":"second","inputSchema":{"type":"object"}}])";
  EXPECT_FALSE(contains(run(request("tools/list", "{}")), "second"));
}

TEST_F(ConnectionServiceTest, a_page_with_the_same_name_twice_passes_where_changes_do_not_wait) {
  gateway.add_connection();
  gateway.server.tools = kTwice;
  EXPECT_TRUE(contains(run(request("tools/list", "{}")), "second"));
}

TEST_F(ConnectionServiceTest, parameters_and_vendor_meta_go_on_and_what_is_of_one_hop_does_not) {
  gateway.add_connection();
  MadeCall made = call("search", R"({"query":"x"})");
  made.used_params = R"({"name":"search","arguments":{"query":"x"},"task":{"ttl":5},"_meta":{}})";
  made.used_meta =
      R"({"io.modelcontextprotocol/clientInfo":{"name":"spy"},"progressToken":"p","acme.example/k":1})";
  run(made);
  ASSERT_EQ(gateway.server.bodies.size(), 1U);
  const std::string& sent = gateway.server.bodies.front();
  EXPECT_TRUE(contains(sent, R"("task":{"ttl":5})")) << sent;
  EXPECT_TRUE(contains(sent, R"("acme.example/k":1)")) << sent;
  EXPECT_FALSE(contains(sent, "spy")) << sent;
  EXPECT_FALSE(contains(sent, R"("progressToken":"p")")) << sent;
}

TEST_F(ConnectionServiceTest, a_short_name_with_further_members_reaches_the_server_as_its_own) {
  gateway.server.tools = R"([{"name":"read/file","inputSchema":{"type":"object"}}])";
  gateway.add_connection();
  run(request("tools/list", "{}"));
  const std::string shortened(split_name(public_name("notes", "read/file"))->name);
  MadeCall made = call(shortened, "{}");
  made.used_params =
      R"({"name":)" + jsonrpc::quote(shortened) + R"(,"arguments":{},"acme":{"k":1}})";
  EXPECT_TRUE(contains(run(made), "done"));
  ASSERT_EQ(gateway.server.bodies.size(), 1U);
  const std::string& sent = gateway.server.bodies.front();
  EXPECT_TRUE(contains(sent, R"("name":"read/file")")) << sent;
  EXPECT_TRUE(contains(sent, R"("acme":{"k":1})")) << sent;
  EXPECT_FALSE(contains(sent, shortened)) << sent;
}

TEST_F(ConnectionServiceTest, errors_of_the_server_pass_and_those_of_our_own_hop_do_not) {
  gateway.add_connection();
  run(request("tools/list", "{}"));
  gateway.server.errors["resources/read"] = R"({"code":-32002,"message":"none"})";
  EXPECT_EQ(run(request("resources/read", R"({"uri":"a:b"})")), R"(-32602 none{"uri":"a:b"})");
  gateway.server.errors["tools/call"] = R"({"code":-31999,"message":"own\u0007","data":[1]})";
  EXPECT_EQ(run(call("search", R"({"query":"x"})")), R"(-31999 own\u{7}[1])");
  gateway.server.errors["prompts/get"] = R"({"code":-32099,"message":"ours"})";
  EXPECT_EQ(run(request("prompts/get", R"({"name":"p"})")), "-32603 ours");
  gateway.server.errors["prompts/get"] =
      R"({"code":-32021,"message":"m","data":{"requiredCapabilities":{"sampling":{}}}})";
  EXPECT_TRUE(contains(run(request("prompts/get", R"({"name":"p"})")), "-32021"));
  MadeCall able = request("prompts/get", R"({"name":"p"})");
  able.declared = mcp::make_client_capabilities(false, false, true);
  EXPECT_EQ(run(able), "-32603 m");
}

TEST_F(ConnectionServiceTest,
       pages_that_a_server_of_2025_11_25_wants_opened_reach_each_client_its_way) {
  gateway.add_connection();
  run(request("tools/list", "{}"));
  gateway.server.errors["tools/call"] =
      R"({"code":-32042,"message":"first","data":{"elicitations":[{"mode":"url","message":"Pay","url":"https://pay.example/1","elicitationId":"e"}]}})";
  MadeCall modern = call("search", R"({"query":"x"})");
  modern.declared = mcp::make_client_capabilities(false, true);
  const std::string asked = run(modern);
  EXPECT_TRUE(contains(asked, "input_required")) << asked;
  EXPECT_TRUE(contains(asked, "https://pay.example/1")) << asked;

  MadeCall legacy = call("search", R"({"query":"x"})");
  legacy.used_era = mcp::Era::legacy;
  legacy.declared = modern.declared;
  EXPECT_TRUE(contains(run(legacy), "-32042"));

  const std::string told = run(call("search", R"({"query":"x"})"));
  EXPECT_TRUE(contains(told, "isError")) << told;
  EXPECT_TRUE(contains(told, "https://pay.example/1")) << told;

  gateway.server.errors.clear();
  MadeCall retry = call("search", R"({"query":"x"})");
  retry.declared = modern.declared;
  retry.state = state_of(asked);
  retry.responses = R"({"page_1":{"action":"accept"}})";
  EXPECT_TRUE(contains(run(retry), "done"));
  EXPECT_FALSE(contains(gateway.server.bodies.back(), "page_1"));
}

class QuestionTest : public ConnectionServiceTest {
 protected:
  QuestionTest() {
    gateway.add_connection();
    gateway.server.call_result =
        R"({"resultType":"input_required","inputRequests":{"who":{"method":"elicitation/create","params":{"mode":"form","message":"Who?","requestedSchema":{"type":"object","properties":{}}}}},"requestState":"their\u002fstate"})";
  }
  MadeCall declaring(bool form) {
    MadeCall made = call("search", R"({"query":"x"})");
    made.declared = mcp::make_client_capabilities(form, false);
    return made;
  }
};

TEST_F(QuestionTest, the_servers_state_is_sealed_and_goes_back_byte_for_byte) {
  MadeCall first = declaring(true);
  const std::string asked = run(first);
  EXPECT_TRUE(contains(asked, R"("who":{"method":"elicitation/create")")) << asked;
  EXPECT_FALSE(contains(asked, "their")) << asked;

  gateway.server.call_result = R"({"resultType":"complete","content":[]})";
  MadeCall retry = declaring(true);
  retry.state = state_of(asked);
  retry.responses = R"({"who":{"action":"accept","content":{"n":1.0}}})";
  EXPECT_EQ(run(retry), gateway.server.call_result);
  const std::string& sent = gateway.server.bodies.back();
  EXPECT_TRUE(contains(sent, R"("requestState":"their\u002fstate")")) << sent;
  EXPECT_TRUE(contains(sent, "\"inputResponses\":" + retry.responses)) << sent;
}

TEST_F(QuestionTest, a_state_is_good_for_its_request_and_its_caller_only) {
  MadeCall first = declaring(true);
  const std::string state = state_of(run(first));
  MadeCall other = call("search", R"({"query":"another"})");
  other.declared = first.declared;
  other.state = state;
  EXPECT_TRUE(contains(run(other), "-32602"));
  MadeCall changed = declaring(true);
  changed.state = state;
  changed.state[changed.state.size() / 2] ^= 1;
  EXPECT_TRUE(contains(run(changed), "-32602"));
}

TEST_F(QuestionTest, what_the_request_did_not_declare_is_the_servers_fault) {
  const std::string text = run(declaring(false));
  EXPECT_TRUE(contains(text, "isError")) << text;
  EXPECT_FALSE(contains(text, "input_required")) << text;
}

TEST_F(QuestionTest, a_legacy_client_is_asked_on_its_stream) {
  MadeCall made = declaring(true);
  made.used_era = mcp::Era::legacy;
  made.reachable = true;
  made.on_ask = [&](std::string_view) {
    gateway.server.call_result = R"({"resultType":"complete","content":[]})";
    return std::string(R"({"action":"decline"})");
  };
  EXPECT_EQ(run(made), R"({"resultType":"complete","content":[]})");
  EXPECT_TRUE(contains(made.asked_params, "Who?"));
  EXPECT_TRUE(contains(gateway.server.bodies.back(), R"("who":{"action":"decline"})"));
}

TEST_F(QuestionTest, a_legacy_client_that_cannot_be_asked_is_not_told_of) {
  MadeCall made = declaring(true);
  made.used_era = mcp::Era::legacy;
  run(made);
  EXPECT_TRUE(contains(gateway.server.bodies.front(),
                       R"("io.modelcontextprotocol/clientCapabilities":{})"));
}

TEST(RelayedServer, capabilities_pass_but_for_the_tasks_of_2025) {
  EXPECT_EQ(relayed_server_capabilities(
                R"({"tools":{"listChanged":true},"tasks":{},"extensions":{"x/y":{}},"bad":1})"),
            R"({"tools":{"listChanged":true},"extensions":{"x/y":{}}})");
  EXPECT_TRUE(has_extensions(R"({"extensions":{"x/y":{}}})"));
  EXPECT_FALSE(has_extensions(R"({"extensions":{}})"));
}

TEST(RelayedServer, a_page_without_anything_to_change_passes_as_it_is) {
  const auto all = [](std::string_view, std::string_view) { return true; };
  const auto seal = [](std::string_view raw) { return "\"sealed" + std::string(raw.substr(1)); };
  EXPECT_FALSE(filter_tool_page(R"({"tools":[{"name":"a"}]})", all, seal));
  EXPECT_EQ(filter_tool_page(R"({"tools":[{"name":"a"}],"nextCursor":"x"})", all, seal),
            R"("tools":[{"name":"a"}],"nextCursor":"sealedx")");
}

}  // namespace
}  // namespace gatehouse::gateway
