#include <gmock/gmock.h>

#include "fakes/mcp_endpoint_fixture.hpp"

namespace gatehouse::mcp_server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kServerInfo =
    R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"echo","version":"1.0"}})";

class HttpModern : public HttpFixture {
 protected:
  void expect_error(const http::Response& response, int status, int code) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_THAT(response.body, HasSubstr("\"code\":" + std::to_string(code)));
    EXPECT_THAT(response.body, HasSubstr("\"id\":7"));
    EXPECT_EQ(response.headers.find("Content-Type"), "application/json");
  }
};

TEST_F(HttpModern, a_call_is_answered_with_json) {
  const auto response =
      send(modern("tools/call", "echo", R"("arguments":{"n":12345678901234567890},)"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"jsonrpc":"2.0","id":7,"result":{"resultType":"complete",)" +
                               std::string(kServerInfo) +
                               R"(,"echo":{"n":12345678901234567890}}})");
}

TEST_F(HttpModern, a_raw_result_passes_and_gets_only_what_it_lacks) {
  service_.raw = R"({ "resultType":"input_required","_meta":{"x":1},"content":[] })";
  EXPECT_EQ(send(modern("tools/call", "raw")).body,
            R"({"jsonrpc":"2.0","id":7,"result":{"resultType":"input_required",)"
            R"("_meta":{"x":1},"content":[] }})");
  service_.raw = R"({"content":[{"type":"text","text":"\"resultType\": \"_meta\""}]})";
  const auto response = send(modern("tools/call", "raw"));
  EXPECT_THAT(response.body, HasSubstr(R"("result":{"resultType":"complete","_meta":{)"));
  service_.raw = "{}";
  EXPECT_THAT(send(modern("tools/call", "raw")).body, HasSubstr(R"("version":"1.0"}}}})"));
}

TEST_F(HttpModern, a_refusal_without_a_body_is_an_error_under_the_requests_id) {
  const auto response = send(modern("tools/call", "forbid"));
  expect_error(response, 403, -32603);
  EXPECT_THAT(response.body, HasSubstr("scope"));
  EXPECT_EQ(response.headers.find("WWW-Authenticate"), "Bearer x");
}

TEST_F(HttpModern, everyone_is_authenticated_before_anything_is_looked_at) {
  for (const std::string_view method : {"POST", "GET", "DELETE", "OPTIONS"}) {
    const auto response = send({std::string(method), "/mcp", {}, "garbage"});
    EXPECT_EQ(response.status, 401) << method;
    EXPECT_TRUE(response.headers.contains("WWW-Authenticate"));
  }
}

TEST_F(HttpModern, missing_meta_is_invalid_params_with_400) {
  for (
      const std::string_view meta :
      {R"({})", R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28"})",
       R"({"io.modelcontextprotocol/clientCapabilities":{}})",
       R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":3})"}) {
    auto request = modern("tools/list");
    request.body = R"({"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"_meta":)" +
                   std::string(meta) + "}}";
    expect_error(send(std::move(request)), 400, -32602);
  }
  auto request = modern("tools/list");
  request.body = R"({"jsonrpc":"2.0","id":7,"method":"tools/list"})";
  expect_error(send(std::move(request)), 400, -32602);
}

TEST_F(HttpModern, an_unknown_version_names_the_known_ones) {
  auto request = modern("tools/list");
  request.headers.set("MCP-Protocol-Version", "2099-01-01");
  request.body.replace(request.body.find("2026-07-28"), 10, "2099-01-01");
  const auto response = send(std::move(request));
  expect_error(response, 400, -32022);
  EXPECT_THAT(response.body,
              HasSubstr(R"("data":{"supported":["2026-07-28"],"requested":"2099-01-01"})"));
}

TEST_F(HttpModern, headers_must_say_what_the_body_says) {
  auto version = modern("tools/list");
  version.headers.set("MCP-Protocol-Version", "2025-11-25");
  expect_error(send(std::move(version)), 400, -32020);
  auto unknown = modern("tools/list");
  unknown.body.replace(unknown.body.find("2026-07-28"), 10, "2099-01-01");
  expect_error(send(std::move(unknown)), 400, -32020);
  auto no_version = modern("tools/list");
  no_version.headers.remove("MCP-Protocol-Version");
  expect_error(send(std::move(no_version)), 400, -32020);
  auto method = modern("tools/list");
  method.headers.set("Mcp-Method", "TOOLS/LIST");
  expect_error(send(std::move(method)), 400, -32020);
  auto no_method = modern("tools/list");
  no_method.headers.remove("Mcp-Method");
  expect_error(send(std::move(no_method)), 400, -32020);
  auto name = modern("tools/call", "echo");
  name.headers.set("Mcp-Name", "other");
  expect_error(send(std::move(name)), 400, -32020);
  auto no_name = modern("tools/call", "echo");
  no_name.headers.remove("Mcp-Name");
  expect_error(send(std::move(no_name)), 400, -32020);
  EXPECT_EQ(service_.calls, 0);
}

TEST_F(HttpModern, a_name_in_a_sentinel_is_decoded_before_it_is_compared) {
  auto request = modern("tools/call", "echo", R"("arguments":{},)");
  request.headers.set("Mcp-Name", "=?base64?ZWNobw==?=");
  EXPECT_EQ(send(request).status, 200);
  request.headers.set("Mcp-Name", "=?base64?ZWNobw=?=");
  expect_error(send(request), 400, -32020);
}

TEST_F(HttpModern, removed_and_unknown_methods_are_404) {
  for (const std::string_view method :
       {"initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe",
        "nonsense"}) {
    expect_error(send(modern(method)), 404, -32601);
  }
}

TEST_F(HttpModern, discover_describes_the_server_to_this_caller) {
  const auto response = send(modern("server/discover"));
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr(R"("supportedVersions":["2026-07-28"])"));
  EXPECT_THAT(response.body, HasSubstr(R"("instructions":"hello ada")"));
  EXPECT_THAT(response.body, HasSubstr(R"("ttlMs":0,"cacheScope":"private")"));
  EXPECT_THAT(response.body, HasSubstr(std::string(kServerInfo)));
}

TEST_F(HttpModern, lists_carry_caching_hints) {
  restart({.cache_ttl = std::chrono::minutes(1)});
  EXPECT_THAT(send(modern("tools/list")).body,
              HasSubstr(R"("ttlMs":60000,"cacheScope":"private")"));
  EXPECT_THAT(send(modern("tools/call", "echo", R"("arguments":{},)")).body,
              Not(HasSubstr("ttlMs")));
}

TEST_F(HttpModern, a_notification_before_the_result_makes_a_stream) {
  const auto response = send(modern("tools/call", "progress"));
  EXPECT_EQ(response.headers.find("Content-Type"), "text/event-stream");
  EXPECT_EQ(response.headers.find("X-Accel-Buffering"), "no");
  const std::size_t first = response.body.find(R"("progress":1})");
  const std::size_t second = response.body.find(R"("progress":2})");
  const std::size_t result = response.body.find(R"("done":true)");
  EXPECT_LT(first, second);
  EXPECT_LT(second, result);
  EXPECT_NE(result, std::string::npos);
}

TEST_F(HttpModern, a_client_that_accepts_no_stream_gets_none) {
  auto request = modern("tools/call", "progress");
  request.headers.set("Accept", "application/json");
  EXPECT_EQ(send(std::move(request)).headers.find("Content-Type"), "application/json");
}

TEST_F(HttpModern, no_request_of_ours_travels_to_a_modern_client) {
  EXPECT_THAT(send(modern("tools/call", "ask")).body, HasSubstr(R"("asked":false)"));
}

TEST_F(HttpModern, a_retry_carries_state_and_responses) {
  const auto response = send(modern(
      "tools/call", "state", R"("requestState":"a\u0062c","inputResponses":{"k":{"x":1}},)"));
  EXPECT_THAT(response.body, HasSubstr(R"("state":"abc","responses":{"k":{"x":1}})"));
}

TEST_F(HttpModern, errors_keep_their_data_and_exceptions_their_secrets) {
  const auto unknown = send(modern("tools/call", "nothing"));
  expect_error(unknown, 200, -32602);
  EXPECT_THAT(unknown.body, HasSubstr(R"("data":{"tool":1})"));
  const auto thrown = send(modern("tools/call", "throw"));
  expect_error(thrown, 200, -32603);
  EXPECT_THAT(thrown.body, Not(HasSubstr("secret")));
}

TEST_F(HttpModern, a_refusal_is_an_http_answer) {
  const auto response = send(modern("tools/call", "refuse"));
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.headers.find("WWW-Authenticate"), "Bearer x");
}

TEST_F(HttpModern, notifications_are_accepted_and_get_and_delete_are_not) {
  auto note = modern("notifications/cancelled");
  note.body.replace(note.body.find("\"id\":7,"), 7, "");
  EXPECT_EQ(send(note).status, 202);
  restart({.eras = Eras::modern_only});
  for (const std::string_view method : {"GET", "DELETE", "OPTIONS"}) {
    const auto response = send({std::string(method), "/mcp", {{"Authorization", "ada"}}, {}});
    EXPECT_EQ(response.status, 405);
    EXPECT_EQ(response.headers.find("Allow"), "POST");
  }
}

TEST_F(HttpModern, what_is_no_message_is_refused_with_its_id_where_it_can_be_read) {
  const auto parse = send(post("{\"jsonrpc\":"));
  EXPECT_EQ(parse.status, 400);
  EXPECT_THAT(parse.body, HasSubstr("-32700"));
  const auto twice = send(post(R"({"jsonrpc":"2.0","id":7,"method":"a","method":"b"})"));
  EXPECT_EQ(twice.status, 400);
  const auto neither = send(post(R"({"jsonrpc":"2.0","id":7})"));
  EXPECT_THAT(neither.body, HasSubstr("-32600"));
  EXPECT_THAT(neither.body, HasSubstr("\"id\":7"));
  auto form = modern("tools/list");
  form.headers.set("Content-Type", "text/plain");
  EXPECT_EQ(send(std::move(form)).status, 415);
}

TEST_F(HttpModern, a_modern_only_server_tells_initialize_its_versions) {
  restart({.eras = Eras::modern_only});
  const auto response = send(post(
      R"({"jsonrpc":"2.0","id":7,"method":"initialize","params":{"protocolVersion":"2025-11-25"}})"));
  expect_error(response, 400, -32022);
  EXPECT_THAT(response.body, HasSubstr(R"("supported":["2026-07-28"])"));
}

TEST_F(HttpModern, a_disconnect_cancels_the_call) {
  Exchange exchange(modern("tools/call", "wait"));
  run(exchange, [&] {
    EXPECT_TRUE(service_.waiting);
    exchange.disconnected().cancel();
  });
  EXPECT_THAT(exchange.response.body, HasSubstr("waited"));
}

TEST_F(HttpModern, another_path_is_not_found) {
  restart({.path = "/mcp"});
  auto request = modern("tools/list");
  EXPECT_EQ(send(request).status, 200);
  request.target = "/mcp/other";
  EXPECT_EQ(send(request).status, 404);
}

}  // namespace
}  // namespace gatehouse::mcp_server
