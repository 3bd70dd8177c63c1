// Peer::follow() over HTTP, in both eras, against servers played by an http::Client.
#include <gtest/gtest.h>

#include "async/mailbox.hpp"
#include "async/run.hpp"
#include "async/start.hpp"
#include "async/task_group.hpp"
#include "async/timer.hpp"
#include "http/sse.hpp"
#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"
#include "mcp_client/connect.hpp"
#include "mcp_client/listen_retry.hpp"

namespace gatehouse::mcp_client {
namespace {

using namespace std::chrono_literals;

using Live = Mailbox<std::string>;

class LiveStream final : public http::BodyStream {
 public:
  LiveStream(std::shared_ptr<Live> live, CancelSource* cancel) : live_(std::move(live)) {
    if (cancel == nullptr) return;
    registration_ = cancel->on_cancel([closed = live_] { closed->close(); });
  }
  ~LiveStream() override { live_->close(); }
  Task<Result<std::string_view>> read_some(std::chrono::milliseconds) override {
    now_ = (co_await live_->pop()).value_or("");
    co_return std::string_view(now_);
  }

 private:
  std::shared_ptr<Live> live_;
  CancelSource::Registration registration_;
  std::string now_;
};

class FollowedServer final : public http::Client {
 public:
  explicit FollowedServer(Executor executor) : changed(executor), executor_(executor) {}

  std::vector<std::string> bodies;
  std::vector<std::shared_ptr<Live>> streams;  ///< listens, or GETs
  std::vector<std::string> ids;                ///< of the listens
  Condition changed;
  int sessions = 0;
  bool forgotten = false;  ///< the session
  int refuse_listen = 0;   ///< with this status

  Task<Result<http::Reply>> send(http::Request request, http::SendOptions options) override {
    http::Reply reply;
    if (request.method == "GET") co_return open(reply, options);
    if (request.method == "DELETE") co_return reply;
    const auto message = jsonrpc::prove(request.body);
    bodies.push_back(request.body);
    const bool lost = forgotten && message->method != "initialize" && sessions < 2;
    reply.status = lost ? 404 : message->kind == jsonrpc::MessageKind::notification ? 202 : 200;
    changed.notify_all();
    if (reply.status != 200) co_return reply;
    if (message->method == "subscriptions/listen") {
      reply.status = refuse_listen != 0 ? refuse_listen : 200;
      if (refuse_listen == 404) reply.body = jsonrpc::make_error(message->id, -32601, "no");
      if (refuse_listen != 0) co_return reply;
      ids.emplace_back(message->id);
      co_return open(reply, options);
    }
    std::string result = "{}";
    if (message->method == "initialize") {
      reply.headers.add("Mcp-Session-Id", "s-" + std::to_string(++sessions));
      result =
          R"({"protocolVersion":"2025-11-25","serverInfo":{"name":"s","version":"1"},"capabilities":)"
          R"({"logging":{},"tools":{"listChanged":true},"resources":{"subscribe":true}}})";
    }
    reply.body = jsonrpc::make_result(message->id, result);
    co_return reply;
  }

  void say(std::size_t stream, std::string_view json) {
    streams[stream]->push(http::format_sse_event(json, "", ""));
  }
  void acknowledge(std::size_t stream, std::string_view granted) {
    say(stream, tagged(stream, "notifications/subscriptions/acknowledged",
                       R"("notifications":)" + std::string(granted)));
  }
  std::string tagged(std::size_t stream, std::string_view method, std::string_view member) const {
    return jsonrpc::make_notification(
        method, R"({"_meta":{"io.modelcontextprotocol/subscriptionId":)" + ids[stream] + "}" +
                    (member.empty() ? "" : ",") + std::string(member) + "}");
  }
  int count(std::string_view method) const {
    const std::string part = "\"method\":" + jsonrpc::quote(method);
    return static_cast<int>(std::ranges::count_if(
        bodies, [&](const std::string& body) { return body.find(part) != std::string::npos; }));
  }

 private:
  http::Reply open(http::Reply& reply, const http::SendOptions& options) {
    auto live = std::make_shared<Live>(executor_, 100);
    streams.push_back(live);
    reply.status = 200;
    reply.stream = std::make_unique<LiveStream>(live, options.cancel);
    changed.notify_all();
    return std::move(reply);
  }
  Executor executor_;
};

class Ear final : public mcp::NotificationSink {
 public:
  explicit Ear(Executor executor) : changed(executor) {}
  void on_notification(std::string_view method, std::string_view params) override {
    heard.push_back(std::string(method) + " " + std::string(params));
    changed.notify_all();
  }
  std::vector<std::string> heard;
  Condition changed;
};

class FollowTest : public testing::Test {
 protected:
  ~FollowTest() override { run_to_end(context, end(*this)); }
  static Task<> end(FollowTest& test) {
    if (test.peer) co_await test.peer->close();
    test.peer.reset();
    co_await test.tasks.shutdown();
  }
  static Task<> open(FollowTest& test, EraVerdict known) {
    HttpTarget target;
    target.url = "https://server.example/mcp";
    target.known = std::move(known);
    target.notifications = &test.ear;
    auto opened =
        co_await open_http(std::move(target), {test.server, test.tasks, test.log, test.clock});
    EXPECT_TRUE(opened && opened->peer);
    if (opened) test.peer = std::move(opened->peer);
  }
  static Task<> follow_into(FollowTest& test, mcp::Interest interest) {
    test.followed = co_await test.peer->follow(std::move(interest));
    test.server.changed.notify_all();
  }
  void follow(mcp::Interest interest) {
    followed.reset();
    tasks.spawn("follow", follow_into(*this, std::move(interest)));
  }
  template <class F>
  static Task<> wait(Condition& changed, F until) {
    while (!until()) co_await changed.wait();
  }
  template <class F>
  void run_until(Condition& changed, F until) {
    run_once(wait(changed, until));
  }
  /// Without waiting for what else runs.
  void run_once(Task<> task) {
    bool ended = false;
    start(context.get_executor(), std::move(task),
          [&](const std::exception_ptr&) { ended = true; });
    context.restart();
    while (!ended) context.run_one();
  }
  static mcp::Interest tools_and(std::set<std::string, std::less<>> uris) {
    mcp::Interest interest;
    interest.tools = true;
    interest.resource_uris = std::move(uris);
    return interest;
  }

  boost::asio::io_context context;
  NullLogger log;
  RealClock clock;
  TaskGroup tasks{context.get_executor(), log};
  FollowedServer server{context.get_executor()};
  Ear ear{context.get_executor()};
  std::unique_ptr<Peer> peer;
  std::optional<Result<Followed>> followed;
};

TEST_F(FollowTest, one_listen_brings_what_was_asked_for_and_is_opened_again) {
  run_once(open(*this, {mcp::Era::modern, "2026-07-28"}));
  follow(tools_and({"file:///a"}));
  run_until(server.changed, [&] { return server.streams.size() == 1; });
  EXPECT_NE(
      server.bodies.back().find(
          R"("notifications":{"toolsListChanged":true,"resourceSubscriptions":["file:///a"]})"),
      std::string::npos);
  server.acknowledge(0, R"({"toolsListChanged":true,"promptsListChanged":true})");
  run_until(server.changed, [&] { return followed.has_value(); });
  EXPECT_EQ(std::get<mcp::Interest>(**followed), tools_and({}));

  server.say(0, server.tagged(0, "notifications/prompts/list_changed", ""));  // not asked for
  server.say(0, server.tagged(0, "notifications/tools/list_changed", R"("x":1)"));
  run_until(ear.changed, [&] { return !ear.heard.empty(); });
  EXPECT_EQ(ear.heard, std::vector<std::string>{R"(notifications/tools/list_changed {"x":1})"});

  server.streams[0]->close();  // the server or the way to it is gone
  run_until(server.changed, [&] { return server.streams.size() == 2; });
  server.acknowledge(1, R"({"toolsListChanged":true})");
  run_until(ear.changed, [&] { return ear.heard.size() == 2; });
  EXPECT_EQ(ear.heard.back(), "notifications/tools/list_changed {}");

  follow({});
  run_until(server.changed, [&] { return followed.has_value(); });
  EXPECT_TRUE(server.streams[1]->closed());
}

TEST_F(FollowTest, the_old_listen_ends_when_the_new_one_is_acknowledged) {
  run_once(open(*this, {mcp::Era::modern, "2026-07-28"}));
  follow(tools_and({}));
  run_until(server.changed, [&] { return server.streams.size() == 1; });
  server.acknowledge(0, R"({"toolsListChanged":true})");
  run_until(server.changed, [&] { return followed.has_value(); });
  follow(tools_and({"file:///a"}));
  run_until(server.changed, [&] { return server.streams.size() == 2; });
  EXPECT_FALSE(server.streams[0]->closed());
  server.acknowledge(1, R"({"toolsListChanged":true,"resourceSubscriptions":["file:///a"]})");
  run_until(server.changed, [&] { return followed.has_value(); });
  EXPECT_EQ(std::get<mcp::Interest>(**followed), tools_and({"file:///a"}));
  EXPECT_TRUE(server.streams[0]->closed());
  EXPECT_TRUE(ear.heard.empty());
}

TEST_F(FollowTest, a_server_without_subscriptions_grants_nothing_and_is_left_in_peace) {
  run_once(open(*this, {mcp::Era::modern, "2026-07-28"}));
  server.refuse_listen = 404;
  follow(tools_and({}));
  run_until(server.changed, [&] { return followed.has_value(); });
  EXPECT_TRUE(std::get<mcp::Interest>(**followed).empty());
  run_to_end(context, tasks.drain());
  EXPECT_EQ(server.count("subscriptions/listen"), 1);
}

TEST_F(FollowTest, a_server_that_wants_a_sign_in_first_says_so) {
  run_once(open(*this, {mcp::Era::modern, "2026-07-28"}));
  server.refuse_listen = 401;
  follow(tools_and({}));
  run_until(server.changed, [&] { return followed.has_value(); });
  EXPECT_EQ(std::get<mcp::HttpRefusal>(**followed).status, 401);
}

TEST_F(FollowTest, a_legacy_session_is_told_the_differences_and_a_new_one_everything) {
  run_once(open(*this, {mcp::Era::legacy, ""}));
  mcp::Interest interest = tools_and({"file:///a", "file:///b"});
  interest.log_level = "warning";
  follow(interest);
  run_until(server.changed, [&] { return followed.has_value(); });
  EXPECT_EQ(std::get<mcp::Interest>(**followed), interest);
  EXPECT_EQ(server.count("resources/subscribe"), 2);
  EXPECT_EQ(server.count("logging/setLevel"), 1);

  interest.resource_uris = {"file:///b", "file:///c"};
  follow(interest);
  run_until(server.changed, [&] { return followed.has_value(); });
  EXPECT_EQ(server.count("resources/subscribe"), 3);
  EXPECT_EQ(server.count("resources/unsubscribe"), 1);
  EXPECT_EQ(server.count("logging/setLevel"), 1);

  server.say(
      0, jsonrpc::make_notification("notifications/resources/updated", R"({"uri":"file:///c"})"));
  run_until(ear.changed, [&] { return !ear.heard.empty(); });
  EXPECT_EQ(ear.heard.back(), R"(notifications/resources/updated {"uri":"file:///c"})");

  server.forgotten = true;
  server.bodies.clear();
  mcp::Request request;
  request.method = "ping";
  std::optional<Result<mcp::Answer>> answer;
  struct Call {
    static Task<> make(Peer& peer, mcp::Request request, std::optional<Result<mcp::Answer>>& into) {
      into = co_await peer.request(std::move(request), nullptr);
    }
  };
  run_once(Call::make(*peer, request, answer));
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ(server.sessions, 2);
  EXPECT_EQ(server.count("resources/subscribe"), 2);
  EXPECT_EQ(server.count("logging/setLevel"), 1);
  EXPECT_NE(server.bodies.back().find("\"ping\""), std::string::npos) << "repeated last";
}

TEST(ListenRetry, waits_longer_after_each_failure_and_forgets_them_with_a_stream_that_lasts) {
  ListenRetry retry;
  EXPECT_EQ(retry.on_end(0ms, 1), 500ms);
  EXPECT_EQ(retry.on_end(0ms, 0), 500ms);
  EXPECT_EQ(retry.on_end(0ms, 1), 2000ms);
  for (int i = 0; i < 50; ++i) (void)retry.on_end(0ms, 1);
  EXPECT_EQ(retry.on_end(0ms, 1), 60s);
  EXPECT_EQ(retry.on_end(1min, 0), 250ms);
}

}  // namespace
}  // namespace gatehouse::mcp_client
