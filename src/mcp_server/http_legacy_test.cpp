#include <gmock/gmock.h>

#include "fakes/mcp_endpoint_fixture.hpp"

namespace gatehouse::mcp_server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HttpLegacy : public HttpFixture {
 protected:
  http::Response initialize(std::string_view version = "2025-11-25",
                            std::string_view caller = "ada") {
    return send(
        post(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":")" +
                 std::string(version) +
                 R"(","capabilities":{"elicitation":{"form":{},"url":{}}},)"
                 R"("clientInfo":{"name":"t","version":"1"}}})",
             caller));
  }

  std::string open(std::string_view version = "2025-11-25", std::string_view caller = "ada") {
    const auto response = initialize(version, caller);
    EXPECT_EQ(response.status, 200) << response.body;
    return std::string(response.headers.find("Mcp-Session-Id").value_or(""));
  }

  static http::Request in_session(std::string_view session, std::string body,
                                  std::string_view caller = "ada") {
    http::Request request = post(std::move(body), caller);
    request.headers.add("Mcp-Session-Id", session);
    request.headers.add("MCP-Protocol-Version", "2025-11-25");
    return request;
  }

  static std::string call(std::string_view tool, std::string_view members = "") {
    return R"({"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":")" +
           std::string(tool) + "\"" + std::string(members) + "}}";
  }
};

TEST_F(HttpLegacy, initialize_opens_a_session_with_an_unguessable_id) {
  const auto response = initialize();
  EXPECT_EQ(response.body,
            R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25",)"
            R"("capabilities":{"tools":{}},"serverInfo":{"name":"echo","version":"1.0"},)"
            R"("instructions":"hello ada"}})");
  EXPECT_GE(response.headers.find("Mcp-Session-Id").value_or("").size(), 43u);
  EXPECT_EQ(endpoint_->sessions(), 1u);
}

TEST_F(HttpLegacy, an_unknown_or_modern_version_is_answered_with_our_newest_legacy_one) {
  EXPECT_THAT(initialize("2025-06-18").body, HasSubstr(R"("protocolVersion":"2025-06-18")"));
  EXPECT_THAT(initialize("2024-11-05").body, HasSubstr(R"("protocolVersion":"2025-11-25")"));
  EXPECT_THAT(initialize("2026-07-28").body, HasSubstr(R"("protocolVersion":"2025-11-25")"));
}

TEST_F(HttpLegacy, a_call_sees_what_initialize_declared_and_its_result_has_nothing_modern) {
  const std::string session = open();
  service_.raw =
      R"({"resultType":"complete","content":[],"ttlMs":5,"structuredContent":[1],"isError":false})";
  EXPECT_EQ(send(in_session(session, call("raw"))).body,
            R"({"jsonrpc":"2.0","id":"c","result":{"content":[],"isError":false}})");
  EXPECT_EQ(service_.last_version, "2025-11-25");
  EXPECT_EQ(service_.last_capabilities, R"({"elicitation":{"form":{},"url":{}}})");
  service_.raw = R"({"content":[],"structuredContent":{"a":1e400}})";
  EXPECT_EQ(
      send(in_session(session, call("raw"))).body,
      R"({"jsonrpc":"2.0","id":"c","result":{"content":[],"structuredContent":{"a":1e400}}})");
}

TEST_F(HttpLegacy, ping_is_answered_and_unknown_methods_are_errors_with_200) {
  const std::string session = open();
  EXPECT_EQ(send(in_session(session, R"({"jsonrpc":"2.0","id":2,"method":"ping"})")).body,
            R"({"jsonrpc":"2.0","id":2,"result":{}})");
  const auto response =
      send(in_session(session, R"({"jsonrpc":"2.0","id":2,"method":"server/discover"})"));
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("-32601"));
}

TEST_F(HttpLegacy, requests_without_a_session_are_400_and_with_a_lost_one_404) {
  EXPECT_EQ(send(post(call("echo"))).status, 400);
  EXPECT_EQ(send(in_session("nonsense", call("echo"))).status, 404);
  EXPECT_EQ(service_.calls, 0);
}

TEST_F(HttpLegacy, a_session_is_unknown_to_everybody_else) {
  const std::string session = open();
  EXPECT_EQ(send(in_session(session, call("echo", ",\"arguments\":{}"), "eve")).status, 404);
  http::Request end{"DELETE", "/mcp", {{"Authorization", "eve"}, {"Mcp-Session-Id", session}}, {}};
  EXPECT_EQ(send(end).status, 404);
  EXPECT_EQ(send(in_session(session, call("echo", ",\"arguments\":{}"))).status, 200);
}

TEST_F(HttpLegacy, delete_ends_a_session_and_its_calls) {
  const std::string session = open();
  Exchange waiting(in_session(session, call("wait")));
  Exchange end({"DELETE", "/mcp", {{"Authorization", "ada"}, {"Mcp-Session-Id", session}}, {}});
  run(waiting, [&] { tasks_.spawn("end", endpoint_->handle(end)); });
  EXPECT_EQ(end.response.status, 204);
  EXPECT_THAT(waiting.response.body, HasSubstr("waited"));
  EXPECT_EQ(send(in_session(session, call("echo"))).status, 404);
}

TEST_F(HttpLegacy, other_methods_are_told_what_is_allowed) {
  const auto response = send({"PUT", "/mcp", {{"Authorization", "ada"}}, {}});
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.find("Allow"), "GET, POST, DELETE");
}

TEST_F(HttpLegacy, progress_arrives_on_the_stream_of_its_request) {
  const std::string session = open();
  const auto response =
      send(in_session(session, call("progress", R"(,"_meta":{"progressToken":"p"})")));
  EXPECT_EQ(response.headers.find("Content-Type"), "text/event-stream");
  EXPECT_THAT(response.body, HasSubstr(R"("progress":1}})"));
  EXPECT_THAT(response.body, HasSubstr(R"("result":{"done":true})"));
}

TEST_F(HttpLegacy, a_question_is_answered_by_another_post) {
  const std::string session = open();
  Exchange asking(in_session(session, call("ask")));
  Exchange answering(
      in_session(session, R"({"jsonrpc":"2.0","id":"ask-1","result":{"action":"accept"}})"));
  run(asking, [&] { tasks_.spawn("answer", endpoint_->handle(answering)); });
  EXPECT_EQ(answering.response.status, 202);
  EXPECT_THAT(asking.response.body,
              HasSubstr(R"({"jsonrpc":"2.0","id":"ask-1","method":"elicitation/create")"));
  EXPECT_THAT(asking.response.body, HasSubstr(R"("result":{"answer":{"action":"accept"}})"));
}

TEST_F(HttpLegacy, what_was_not_declared_is_asked_only_where_the_settings_say_so) {
  const auto ask_for = [this](EndpointSettings settings) {
    restart(std::move(settings));
    const auto opened = send(post(
        R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}})"));
    const auto session = opened.headers.find("Mcp-Session-Id").value_or("");
    return send(in_session(session, call("ask"))).body;
  };
  EXPECT_THAT(ask_for({}), HasSubstr("this client cannot be asked"));
  EXPECT_THAT(ask_for({.ask_timeout = std::chrono::milliseconds(1), .asks = Asks::anything}),
              HasSubstr("elicitation/create"));
}

TEST_F(HttpLegacy, a_question_ends_when_the_client_refuses_or_stays_silent) {
  restart({.ask_timeout = std::chrono::milliseconds(1)});
  std::string session = open();
  EXPECT_THAT(send(in_session(session, call("ask"))).body, HasSubstr("notifications/cancelled"));
  restart({});
  session = open();
  Exchange refused(in_session(session, call("ask")));
  Exchange answering(
      in_session(session, R"({"jsonrpc":"2.0","id":"ask-1","error":{"code":-1,"message":"no"}})"));
  run(refused, [&] { tasks_.spawn("answer", endpoint_->handle(answering)); });
  EXPECT_THAT(refused.response.body, HasSubstr(R"(error -1: \"no\")"));
}

TEST_F(HttpLegacy, a_silent_stream_is_kept_alive) {
  restart({.keep_alive = std::chrono::milliseconds(1)});
  const std::string session = open();
  Exchange asking(in_session(session, call("ask")));
  Exchange end({"DELETE", "/mcp", {{"Authorization", "ada"}, {"Mcp-Session-Id", session}}, {}});
  asking.on_write = [&] {
    if (end.answers == 0 && asking.response.body.find(": still here") != std::string::npos) {
      tasks_.spawn("end", endpoint_->handle(end));
    }
  };
  run(asking);
  EXPECT_THAT(asking.response.body, HasSubstr("\n\n: still here\n\n"));
}

TEST_F(HttpLegacy, a_notification_cancels_the_call_it_names_and_a_disconnect_does_not) {
  const std::string session = open();
  Exchange waiting(in_session(session, call("wait")));
  Exchange other(in_session(
      session,
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}})"));
  Exchange cancelling(in_session(
      session,
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"c"}})"));
  waiting.disconnected().cancel();
  run(waiting, [&] {
    EXPECT_TRUE(service_.waiting);
    tasks_.spawn("other", endpoint_->handle(other));
    tasks_.spawn("cancel", endpoint_->handle(cancelling));
  });
  EXPECT_EQ(other.response.status, 202);
  EXPECT_EQ(cancelling.response.status, 202);
}

TEST_F(HttpLegacy, batches_are_for_2025_03_26_only) {
  const std::string batch =
      R"([{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/x"},)"
      R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"progress"}}])";
  EXPECT_EQ(send(in_session(open("2025-03-26"), batch)).body,
            R"([{"jsonrpc":"2.0","id":1,"result":{}},)"
            R"({"jsonrpc":"2.0","id":2,"result":{"done":true}}])");
  for (const char* version : {"2025-06-18", "2025-11-25"}) {
    const auto refused = send(in_session(open(version), batch));
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(
        refused.body,
        R"({"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batches ended with 2025-03-26"}})");
  }
  const std::string notes = R"([{"jsonrpc":"2.0","method":"notifications/x"}])";
  EXPECT_EQ(send(in_session(open("2025-03-26"), notes)).status, 202);
}

TEST_F(HttpLegacy, the_answers_of_a_batch_are_bounded) {
  service_.raw = "{\"text\":\"" + std::string(limits::kUpstreamBodyBytes / 2, 'x') + "\"}";
  std::string batch = "[" + call("raw");
  for (int i = 0; i < 9; ++i) batch += "," + call("raw");
  const auto response = send(in_session(open("2025-03-26"), batch + "]"));
  EXPECT_EQ(service_.calls, 2);
  EXPECT_LT(response.body.size(), limits::kUpstreamBodyBytes + 10'000);
  EXPECT_THAT(response.body, HasSubstr("the batch is too large"));
}

TEST_F(HttpLegacy, an_unsupported_version_header_is_400) {
  auto request = in_session(open(), call("echo"));
  request.headers.set("MCP-Protocol-Version", "1999-01-01");
  EXPECT_EQ(send(request).status, 400);
}

TEST_F(HttpLegacy, a_session_id_on_a_modern_request_is_ignored) {
  auto request = modern("tools/call", "echo", R"("arguments":{},)");
  request.headers.add("Mcp-Session-Id", "nonsense");
  EXPECT_EQ(send(request).status, 200);
}

TEST_F(HttpLegacy, a_legacy_only_server_does_not_know_the_modern_envelope) {
  restart({.eras = Eras::legacy_only});
  const auto response = send(modern("server/discover"));
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("-32600"));
}

TEST_F(HttpLegacy, abandoned_sessions_end) {
  const std::string session = open();
  clock_.advance(std::chrono::minutes(31));
  EXPECT_EQ(send(in_session(session, call("echo"))).status, 404);
  EXPECT_EQ(endpoint_->sessions(), 0u);
}

TEST_F(HttpLegacy, the_number_of_sessions_is_bounded_and_one_caller_ends_only_their_own) {
  restart({.max_sessions = 5, .max_sessions_per_caller = 3});
  const std::string bobs = open("2025-11-25", "bob");
  const std::string first = open();
  for (int i = 0; i < 10; ++i) open();
  EXPECT_EQ(endpoint_->sessions(), 4u);
  EXPECT_EQ(send(in_session(first, call("echo"))).status, 404);
  EXPECT_EQ(send(in_session(bobs, call("echo", ",\"arguments\":{}"), "bob")).status, 200);
  endpoint_->end_sessions("ada");
  EXPECT_EQ(endpoint_->sessions(), 1u);
}

}  // namespace
}  // namespace gatehouse::mcp_server
