// The decisions of the client without any I/O.
#include "mcp_client/call_deadline.hpp"
#include "mcp_client/era_probe.hpp"
#include "mcp_client/incoming.hpp"
#include "mcp_client/outgoing.hpp"
#include "mcp_client/tool_plans.hpp"

namespace gatehouse::mcp_client {
namespace {

using namespace std::chrono_literals;

SteadyTime at(std::chrono::seconds seconds) {
  return SteadyTime{} + seconds;
}

TEST(CallDeadline, moves_with_progress_up_to_a_maximum) {
  CallDeadline deadline(at(0s), 60s);
  EXPECT_FALSE(deadline.expired(at(59s)));
  EXPECT_TRUE(deadline.expired(at(60s)));
  deadline.on_progress(at(50s));
  EXPECT_FALSE(deadline.expired(at(109s)));
  deadline.on_progress(at(590s));
  EXPECT_TRUE(deadline.expired(at(600s)));
  EXPECT_EQ(deadline.remaining(at(700s)), 1ms);
}

TEST(CallDeadline, does_not_count_the_time_of_a_person) {
  CallDeadline deadline(at(0s), 60s);
  deadline.exempt(300s);
  EXPECT_FALSE(deadline.expired(at(359s)));
  EXPECT_TRUE(deadline.expired(at(360s)));
}

template <class T>
bool judged(int status, std::string_view body) {
  http::Reply reply;
  reply.status = status;
  return std::holds_alternative<T>(era_probe::judge_http(reply, body, "https://s/"));
}

std::string error_body(int code, std::string_view data = {}) {
  return jsonrpc::make_error("0", code, "m", data);
}

TEST(EraProbe, believes_only_evidence) {
  EXPECT_TRUE(judged<era_probe::Refused>(401, ""));
  EXPECT_TRUE(judged<era_probe::Refused>(403, error_body(-32020)));
  EXPECT_TRUE(judged<era_probe::Inconclusive>(500, error_body(-32603)));
  EXPECT_TRUE(judged<era_probe::Inconclusive>(429, ""));
  EXPECT_TRUE(judged<era_probe::Inconclusive>(301, ""));
  for (const int status : {400, 404, 405, 406, 415, 202}) {
    EXPECT_TRUE(judged<era_probe::Legacy>(status, "")) << status;
  }
  for (const int code : {-32000, -32601, -32602, -32001}) {
    EXPECT_TRUE(judged<era_probe::Legacy>(400, error_body(code))) << code;
  }
}

TEST(EraProbe, never_falls_back_from_a_modern_error) {
  EXPECT_TRUE(judged<era_probe::Modern>(400, error_body(-32020)));
  EXPECT_TRUE(judged<era_probe::Modern>(400, error_body(-32021)));
  EXPECT_TRUE(
      judged<era_probe::RetryVersion>(400, error_body(-32022, R"({"supported":["2026-07-28"]})")));
  EXPECT_TRUE(
      judged<era_probe::Inconclusive>(400, error_body(-32022, R"({"supported":["2030-01-01"]})")));
  EXPECT_TRUE(
      judged<era_probe::Legacy>(400, error_body(-32022, R"({"supported":["2025-06-18"]})")));
}

TEST(EraProbe, reads_lines_of_a_process) {
  EXPECT_TRUE(std::holds_alternative<era_probe::Legacy>(era_probe::judge_line("hello")));
  EXPECT_TRUE(std::holds_alternative<era_probe::Modern>(era_probe::judge_line(
      R"({"jsonrpc":"2.0","id":0,"result":{"supportedVersions":["2026-07-28"]}})")));
}

TEST(Outgoing, splices_without_touching_the_arguments) {
  mcp::Request request;
  request.method = "tools/call";
  request.params = {R"("name":"a",)", R"("arguments":{"n":1.0e+2,"x":"\u0041"})"};
  request.meta = R"("vendor/key":1)";
  const Outgoing modern = make_modern_body(request, 7, "2026-07-28", R"({"name":"g"})", "{}");
  EXPECT_NE(modern.body.find(R"("arguments":{"n":1.0e+2,"x":"\u0041"})"), std::string::npos);
  const auto message = jsonrpc::prove(modern.body);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->params, modern.params());
  EXPECT_EQ(message->meta_member("vendor/key"), "1");
  const auto legacy = jsonrpc::prove(make_legacy_body(request, 8).body);
  ASSERT_TRUE(legacy);
  EXPECT_EQ(legacy->meta.size(), 2U);  // progress token and what was passed on
  mcp::Request bare;
  bare.method = "ping";
  EXPECT_EQ(make_legacy_body(bare, 9).body, R"({"jsonrpc":"2.0","id":9,"method":"ping"})");
}

TEST(Incoming, takes_all_challenges) {
  http::Reply reply;
  reply.status = 401;
  reply.headers.add("WWW-Authenticate", "Basic");
  reply.headers.add("www-authenticate", "Bearer scope=\"a\"");
  const auto refusal = refusal_of(reply);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->challenges.size(), 2U);
  EXPECT_FALSE(refusal_of(http::Reply{.status = 404}));
}

TEST(ToolPlans, learns_from_lists) {
  ToolPlans plans;
  plans.learn_page(
      R"({"tools":[{"name":"a","inputSchema":{}},{"name":"b","inputSchema":{"x-mcp-header":"Q"}}]})");
  ASSERT_NE(plans.find("a"), nullptr);
  EXPECT_TRUE(plans.find("a")->invalid.empty());
  EXPECT_FALSE(plans.find("b")->invalid.empty());
  EXPECT_EQ(plans.find("c"), nullptr);
}

}  // namespace
}  // namespace gatehouse::mcp_client
