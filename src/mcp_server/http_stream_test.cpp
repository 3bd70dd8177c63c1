#include <gmock/gmock.h>

#include "fakes/mcp_endpoint_fixture.hpp"

namespace gatehouse::mcp_server {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kTools = "notifications/tools/list_changed";

class HttpStreams : public HttpFixture {
 protected:
  ~HttpStreams() override {
    endpoint_->end_sessions({});
    service_.released.notify_all();
    poll();
  }

  std::string open(std::string_view version = "2025-11-25", std::string_view caller = "ada") {
    const auto response =
        send(post(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":")" +
                      std::string(version) + R"(","capabilities":{"elicitation":{"form":{}}}}})",
                  caller));
    return std::string(response.headers.find("Mcp-Session-Id").value_or(""));
  }
  static http::Request in(std::string_view session, std::string_view method,
                          std::string_view params) {
    http::Request request = post(R"({"jsonrpc":"2.0","id":"c","method":")" + std::string(method) +
                                 R"(","params":)" + std::string(params) + "}");
    request.headers.add("Mcp-Session-Id", session);
    return request;
  }
  static http::Request call(std::string_view session, std::string_view tool) {
    return in(session, "tools/call", R"({"name":")" + std::string(tool) + "\"}");
  }
  static http::Request get(std::string_view session, std::string_view last = {},
                           std::string_view caller = "ada") {
    http::Request request{
        "GET",
        "/mcp",
        {{"Authorization", caller}, {"Accept", "text/event-stream"}, {"Mcp-Session-Id", session}},
        {}};
    if (!last.empty()) request.headers.add("Last-Event-ID", last);
    return request;
  }
  static Task<> ask_over(std::shared_ptr<Follower> follower, std::string_view method,
                         std::string& said) {
    const auto outcome = co_await follower->ask(method, R"({"message":"?"})");
    said = outcome ? *outcome : outcome.error().detail;
  }
  std::string ask(std::string_view session, std::string_view method, std::string_view params) {
    return send(in(session, method, params)).body;
  }
};

TEST_F(HttpStreams, a_get_is_primed_and_hears_of_changes_unasked) {
  const std::string session = open();
  const auto listening = start(get(session));
  ASSERT_EQ(service_.followers.size(), 1u);
  service_.followers[0]->post(kTools, {});
  service_.followers[0]->post("notifications/prompts/list_changed", {});
  poll();
  EXPECT_EQ(listening->body(),
            "id: 1-0\nretry: 1000\ndata: \n\n"
            "id: 1-1\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"" +
                std::string(kTools) + "\"}\n\n");
  EXPECT_FALSE(listening->done);
}

TEST_F(HttpStreams, older_clients_are_not_primed) {
  const auto listening = start(get(open("2025-06-18")));
  EXPECT_TRUE(listening->exchange.streaming());
  EXPECT_EQ(listening->body(), "");
}

TEST_F(HttpStreams, each_message_goes_to_one_stream_only) {
  const std::string session = open();
  const auto first = start(get(session));
  const auto second = start(get(session));
  service_.followers[0]->post(kTools, {});
  poll();
  EXPECT_THAT(first->body(), Not(HasSubstr("list_changed")));
  EXPECT_THAT(second->body(), HasSubstr("list_changed"));
  leave(*second);
  service_.followers[0]->post(kTools, {});
  poll();
  EXPECT_THAT(first->body(), HasSubstr("list_changed"));
}

TEST_F(HttpStreams, too_many_streams_of_a_session_end_the_oldest) {
  const std::string session = open();
  std::vector<Open*> open_streams;
  for (std::size_t i = 0; i <= limits::kStreamsPerSession; ++i) {
    open_streams.push_back(start(get(session)));
  }
  poll();
  EXPECT_TRUE(open_streams.front()->done);
  EXPECT_FALSE(open_streams.back()->done);
}

TEST_F(HttpStreams, subscriptions_and_the_log_level_reach_the_service) {
  const std::string session = open();
  EXPECT_THAT(ask(session, "resources/subscribe", R"({"uri":"test://a"})"),
              HasSubstr(R"("result":{})"));
  EXPECT_TRUE(service_.last_wanted.resource_uris.contains("test://a"));
  EXPECT_THAT(ask(session, "resources/subscribe", R"({"uri":"test://missing"})"),
              HasSubstr("-32602"));
  EXPECT_THAT(ask(session, "resources/subscribe", "{}"), HasSubstr("-32602"));
  EXPECT_THAT(ask(session, "logging/setLevel", R"({"level":"loud"})"), HasSubstr("-32602"));
  EXPECT_THAT(ask(session, "logging/setLevel", R"({"level":"error"})"),
              HasSubstr(R"("result":{})"));
  EXPECT_EQ(service_.last_wanted.log_level, "error");
  EXPECT_THAT(ask(session, "tools/call", R"({"name":"log"})"), Not(HasSubstr(R"("info")")));
  const auto listening = start(get(session));
  service_.followers[0]->post("notifications/resources/updated", R"({"uri":"test://a/b"})");
  service_.followers[0]->post("notifications/resources/updated", R"({"uri":"test://ab"})");
  service_.followers[0]->post("notifications/message", R"({"level":"warning","data":1})");
  service_.followers[0]->post("notifications/message", R"({"level":"alert","data":1})");
  poll();
  EXPECT_THAT(listening->body(), HasSubstr("test://a/b"));
  EXPECT_THAT(listening->body(), Not(HasSubstr("test://ab")));
  EXPECT_THAT(listening->body(), Not(HasSubstr("warning")));
  EXPECT_THAT(listening->body(), HasSubstr("alert"));
  EXPECT_THAT(ask(session, "resources/unsubscribe", R"({"uri":"test://a"})"),
              HasSubstr(R"("result":{})"));
  EXPECT_TRUE(service_.last_wanted.resource_uris.empty());
}

TEST_F(HttpStreams, a_call_may_close_its_stream_and_the_client_comes_back_for_the_answer) {
  const std::string session = open();
  const auto posted = start(call(session, "poll"));
  EXPECT_THAT(posted->body(), StartsWith("id: 1-0\nretry: 1000\ndata: \n\nid: 1-1\ndata: "));
  EXPECT_TRUE(posted->exchange.finished);
  EXPECT_FALSE(posted->done);
  const auto back = start(get(session, "1-1"));
  EXPECT_EQ(back->body(), "");
  service_.released.notify_all();
  poll();
  EXPECT_TRUE(posted->done);
  EXPECT_TRUE(back->done);
  EXPECT_THAT(back->body(), StartsWith("id: 1-2\ndata: "));
  EXPECT_THAT(back->body(), EndsWith("id: 1-3\ndata: "
                                     R"({"jsonrpc":"2.0","id":"c","result":{"polled":true}})"
                                     "\n\n"));
  EXPECT_EQ(send(get(session, "1-0")).status, 200) << "and once more, from the start";
}

TEST_F(HttpStreams, a_lost_connection_cancels_nothing_and_the_answer_can_be_fetched) {
  const std::string session = open("2025-06-18");
  Open asking(call(session, "ask"));
  tasks_.spawn("exchange", serve(asking.exchange, asking.done));
  poll();
  EXPECT_THAT(asking.body(), HasSubstr("elicitation/create"));
  asking.exchange.broken = true;
  asking.exchange.disconnected().cancel();
  poll();
  EXPECT_FALSE(asking.done);
  const auto back = start(get(session, "1-0"));
  EXPECT_THAT(back->body(), HasSubstr("elicitation/create"));
  http::Request answer = post(R"({"jsonrpc":"2.0","id":"ask-1","result":{"action":"accept"}})");
  answer.headers.add("Mcp-Session-Id", session);
  EXPECT_EQ(send(answer).status, 202);
  poll();
  EXPECT_TRUE(asking.done);
  EXPECT_TRUE(back->done);
  EXPECT_THAT(back->body(), HasSubstr(R"("answer":{"action":"accept"})"));
}

TEST_F(HttpStreams, events_that_are_not_kept_any_more_are_refused_clearly) {
  const std::string session = open();
  EXPECT_EQ(send(get(session, "1-0")).status, 400);
  EXPECT_EQ(send(get(session, "nonsense")).status, 400);
  send(call(session, "log"));
  EXPECT_EQ(send(get(session, "1-0")).status, 200);
  clock_.advance(limits::kReplayAge);
  const auto gone = send(get(session, "1-0"));
  EXPECT_EQ(gone.status, 410);
  EXPECT_THAT(gone.body, HasSubstr("not kept any more"));
}

TEST_F(HttpStreams, questions_outside_of_calls_go_over_the_get_stream) {
  const std::string session = open();
  const auto listening = start(get(session));
  const std::shared_ptr<Follower> follower = service_.followers[0];
  ASSERT_TRUE(follower->can_ask());
  std::string refused;
  std::string said;
  tasks_.spawn("ask", ask_over(follower, "sampling/createMessage", refused));
  tasks_.spawn("ask", ask_over(follower, "elicitation/create", said));
  poll();
  EXPECT_EQ(refused, "this client cannot be asked") << "not declared";
  EXPECT_THAT(listening->body(), HasSubstr(R"("id":"ask-1","method":"elicitation/create")"));
  http::Request answer = post(R"({"jsonrpc":"2.0","id":"ask-1","result":{"action":"decline"}})");
  answer.headers.add("Mcp-Session-Id", session);
  send(answer);
  poll();
  EXPECT_EQ(said, R"({"action":"decline"})");
  leave(*listening);
  EXPECT_FALSE(follower->can_ask());
}

TEST_F(HttpStreams, the_end_of_a_session_ends_its_streams) {
  const std::string session = open();
  const auto listening = start(get(session));
  EXPECT_EQ(send(get(session, {}, "eve")).status, 404);
  EXPECT_EQ(
      send({"DELETE", "/mcp", {{"Authorization", "ada"}, {"Mcp-Session-Id", session}}, {}}).status,
      204);
  poll();
  EXPECT_TRUE(listening->done);
  EXPECT_TRUE(service_.followers.empty());
  EXPECT_EQ(send(get(session)).status, 404);
}

TEST_F(HttpStreams, a_shutdown_ends_what_only_listens) {
  const auto listening = start(get(open()));
  endpoint_->end_streams();
  poll();
  EXPECT_TRUE(listening->done);
  EXPECT_TRUE(listening->exchange.finished);
}

TEST_F(HttpStreams, a_listened_to_session_is_not_idle_and_an_unused_one_ends_early) {
  const std::string listened = open();
  const std::string used = open();
  open();
  start(get(listened));
  send(call(used, "log"));
  clock_.advance(limits::kSessionUnused);
  send(call(used, "log"));
  EXPECT_EQ(endpoint_->sessions(), 2u);
  clock_.advance(limits::kSessionIdle);
  EXPECT_EQ(send(call(used, "log")).status, 404);
  EXPECT_EQ(endpoint_->sessions(), 1u);
}

TEST_F(HttpStreams, a_full_table_makes_room_at_the_cost_of_who_has_most) {
  restart({.max_sessions = 4, .max_sessions_per_caller = 4});
  const std::string bobs = open("2025-11-25", "bob");
  for (int i = 0; i < 20; ++i) open();
  const std::string latest = open();
  const std::string carols = open("2025-11-25", "carol");
  EXPECT_FALSE(carols.empty());
  EXPECT_EQ(endpoint_->sessions(), 4u);
  http::Request bob = in(bobs, "ping", "{}");
  bob.headers.set("Authorization", "bob");
  EXPECT_EQ(send(bob).status, 200);
  EXPECT_EQ(send(call(latest, "log")).status, 200);
}

}  // namespace
}  // namespace gatehouse::mcp_server
