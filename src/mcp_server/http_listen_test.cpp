#include <gmock/gmock.h>

#include "fakes/mcp_endpoint_fixture.hpp"

namespace gatehouse::mcp_server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kTools = "notifications/tools/list_changed";
constexpr std::string_view kPrompts = "notifications/prompts/list_changed";
constexpr std::string_view kUpdated = "notifications/resources/updated";

class HttpListen : public HttpFixture {
 protected:
  ~HttpListen() override {
    endpoint_->end_streams();
    poll();
  }
  static http::Request listen(std::string_view filter) {
    return modern("subscriptions/listen", {}, R"("notifications":)" + std::string(filter) + ",");
  }
  void post_all() {
    for (const auto& follower : service_.followers) {
      follower->post(kTools, {});
      follower->post(kPrompts, "{}");
      follower->post(kUpdated, R"({"uri":"test://a","_meta":{"x":1}})");
      follower->post(kUpdated, R"({"uri":"test://b"})");
      follower->post("notifications/message", R"({"level":"error","data":1})");
      follower->post("notifications/progress", R"({"progress":1})");
    }
    poll();
  }
};

TEST_F(HttpListen, what_is_honoured_is_acknowledged_first_and_only_that_is_told) {
  const auto open = start(listen(
      R"({"toolsListChanged":true,"promptsListChanged":true,"resourceSubscriptions":["test://a"]})"));
  post_all();
  EXPECT_EQ(
      open->body(),
      R"(data: {"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":)"
      R"({"_meta":{"io.modelcontextprotocol/subscriptionId":7},"notifications":)"
      R"({"toolsListChanged":true,"resourceSubscriptions":["test://a"]}}})"
      "\n\n"
      R"(data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":)"
      R"({"_meta":{"io.modelcontextprotocol/subscriptionId":7}}})"
      "\n\n"
      R"(data: {"jsonrpc":"2.0","method":"notifications/resources/updated","params":)"
      R"({"_meta":{"io.modelcontextprotocol/subscriptionId":7,"x":1},"uri":"test://a"}})"
      "\n\n");
  EXPECT_FALSE(open->done);
}

TEST_F(HttpListen, several_are_open_at_once_and_each_hears_its_own) {
  const auto tools = start(listen(R"({"toolsListChanged":true})"));
  const auto updates = start(listen(R"({"resourceSubscriptions":["test://b"]})"));
  EXPECT_EQ(endpoint_->listeners(), 2u);
  post_all();
  EXPECT_THAT(tools->body(), HasSubstr("tools/list_changed"));
  EXPECT_THAT(tools->body(), Not(HasSubstr("updated")));
  EXPECT_THAT(updates->body(), HasSubstr(R"("uri":"test://b")"));
  EXPECT_THAT(updates->body(), Not(HasSubstr("list_changed")));
}

TEST_F(HttpListen, the_end_of_the_service_or_of_the_server_is_a_result) {
  const auto first = start(listen(R"({"toolsListChanged":true})"));
  service_.followers[0]->end();
  poll();
  EXPECT_TRUE(first->done);
  EXPECT_TRUE(first->exchange.finished);
  EXPECT_THAT(first->body(),
              ::testing::EndsWith(
                  R"(data: {"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","_meta":)"
                  R"({"io.modelcontextprotocol/subscriptionId":7,)"
                  R"("io.modelcontextprotocol/serverInfo":{"name":"echo","version":"1.0"}}}})"
                  "\n\n"));
  EXPECT_TRUE(service_.followers.empty());
  const auto second = start(listen(R"({"toolsListChanged":true})"));
  endpoint_->end_streams();
  poll();
  EXPECT_TRUE(second->done);
  EXPECT_THAT(second->body(), HasSubstr(R"("id":7,"result")"));
  EXPECT_EQ(send(listen("{}")).status, 503);
}

TEST_F(HttpListen, a_client_that_leaves_is_forgotten) {
  const auto open = start(listen(R"({"toolsListChanged":true})"));
  const std::shared_ptr<Follower> kept = service_.followers[0];
  leave(*open);
  EXPECT_TRUE(service_.followers.empty());
  EXPECT_EQ(endpoint_->listeners(), 0u);
  kept->post(kTools, {});
  kept->end();
  poll();
  EXPECT_THAT(open->body(), Not(HasSubstr("list_changed")));
}

TEST_F(HttpListen, filters_that_make_no_sense_are_refused) {
  for (const char* filter : {"[]", R"({"toolsListChanged":1})", R"({"resourceSubscriptions":"a"})",
                             R"({"resourceSubscriptions":[1]})"}) {
    const auto response = send(listen(filter));
    EXPECT_THAT(response.body, HasSubstr(R"("id":7,"error":{"code":-32602)")) << filter;
  }
  EXPECT_THAT(send(modern("subscriptions/listen")).body, HasSubstr("-32602"));
  EXPECT_THAT(send(listen(R"({"resourceSubscriptions":["test://missing"]})")).body,
              HasSubstr("no such resource"));
  auto request = listen("{}");
  request.headers.set("Accept", "application/json");
  EXPECT_EQ(send(request).status, 406);
}

TEST_F(HttpListen, the_number_of_one_callers_subscriptions_is_bounded) {
  restart({.max_listens_per_caller = 1});
  const auto open = start(listen("{}"));
  EXPECT_EQ(send(listen("{}")).status, 503);
  endpoint_->end_sessions("ada");
  poll();
  EXPECT_TRUE(open->done);
}

TEST_F(HttpListen, log_messages_come_only_at_the_level_that_the_request_names) {
  const auto leveled = [](std::string_view level) {
    http::Request request = modern("tools/call", "log");
    const std::string meta =
        R"("_meta":{"io.modelcontextprotocol/logLevel":)" + std::string(level) + ",";
    request.body.replace(request.body.find(R"("_meta":{)"), 9, meta);
    return request;
  };
  EXPECT_EQ(send(modern("tools/call", "log")).headers.find("Content-Type"), "application/json");
  const auto info = send(leveled("\"info\""));
  EXPECT_THAT(info.body, HasSubstr(R"("level":"info")"));
  EXPECT_THAT(info.body, HasSubstr(R"("level":"error")"));
  EXPECT_THAT(info.body, Not(HasSubstr(R"("level":"debug")")));
  for (const char* level : {"\"loud\"", "3"}) {
    const auto refused = send(leveled(level));
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.body, HasSubstr("-32602"));
  }
}

TEST_F(HttpListen, progress_needs_the_token_of_the_request) {
  auto request = modern("tools/call", "progress");
  request.body.replace(request.body.find(R"("progressToken":"p")"), 19, R"("progressToken":"q")");
  const auto response = send(request);
  EXPECT_EQ(response.headers.find("Content-Type"), "application/json");
  EXPECT_THAT(response.body, Not(HasSubstr("progress")));
}

TEST_F(HttpListen, a_call_that_is_silent_for_long_says_that_it_is_at_work) {
  restart({.keep_alive = std::chrono::milliseconds(1)});
  Exchange waiting(modern("tools/call", "wait"));
  waiting.on_write = [&] { service_.released.notify_all(); };
  run(waiting);
  EXPECT_EQ(waiting.response.headers.find("Content-Type"), "text/event-stream");
  EXPECT_THAT(waiting.response.body, HasSubstr(R"("waited":true)"));
}

}  // namespace
}  // namespace gatehouse::mcp_server
