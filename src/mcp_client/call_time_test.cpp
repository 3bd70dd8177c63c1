// Whose time a call to a legacy server takes: the server's is bounded, a person's is not the
// server's.
#include <gtest/gtest.h>

#include "async/mailbox.hpp"
#include "async/run.hpp"
#include "async/start.hpp"
#include "async/task_group.hpp"
#include "http/sse.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/capabilities.hpp"
#include "mcp_client/connect.hpp"

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
  Task<Result<std::string_view>> read_some(std::chrono::milliseconds) override {
    auto next = co_await live_->pop();
    if (!next) co_return fail(Errc::cancelled, "closed");
    now_ = std::move(*next);
    co_return std::string_view(now_);
  }

 private:
  std::shared_ptr<Live> live_;
  CancelSource::Registration registration_;
  std::string now_;
};

/// Answers tools/call by a stream that the test writes.
class StreamingServer final : public http::Client {
 public:
  explicit StreamingServer(Executor executor) : changed(executor), executor_(executor) {}
  Condition changed;
  std::shared_ptr<Live> stream;
  std::vector<std::string> bodies;

  Task<Result<http::Reply>> send(http::Request request, http::SendOptions options) override {
    http::Reply reply;
    reply.status = 405;
    if (request.method != "POST") co_return reply;
    const auto message = jsonrpc::prove(request.body);
    bodies.push_back(request.body);
    reply.status = message->kind == jsonrpc::MessageKind::request ? 200 : 202;
    if (message->method == "initialize") {
      reply.body =
          jsonrpc::make_result(message->id, R"({"protocolVersion":"2025-11-25","capabilities":{},)"
                                            R"("serverInfo":{"name":"s","version":"1"}})");
    } else if (message->method == "tools/call") {
      stream = std::make_shared<Live>(executor_, 100);
      reply.stream = std::make_unique<LiveStream>(stream, options.cancel);
    }
    changed.notify_all();
    co_return reply;
  }
  void say(const std::string& json) { stream->push(http::format_sse_event(json, "", "")); }

 private:
  Executor executor_;
};

class SlowPerson final : public Interaction {
 public:
  explicit SlowPerson(Executor executor) : changed(executor) {}
  const mcp::ClientCapabilities& capabilities() const override { return can_; }
  Task<Result<std::string>> answer(std::string_view, std::string_view) override {
    asked = true;
    changed.notify_all();
    while (!ready) co_await changed.wait();
    co_return "{}";
  }
  Condition changed;
  bool asked = false;
  bool ready = false;

 private:
  mcp::ClientCapabilities can_ = mcp::make_client_capabilities(true, false);
};

class CallTimeTest : public testing::Test {
 protected:
  ~CallTimeTest() override { run_to_end(context, end(*this)); }
  static Task<> end(CallTimeTest& test) {
    if (test.peer) co_await test.peer->close();
    test.peer.reset();
    co_await test.tasks.shutdown();
  }
  static Task<> call_into(CallTimeTest& test) {
    HttpTarget target;
    target.url = "https://server.example/mcp";
    target.known = EraVerdict{};
    target.capabilities = test.person.capabilities();
    auto opened =
        co_await open_http(std::move(target), {test.server, test.tasks, test.log, test.clock});
    EXPECT_TRUE(opened && opened->peer);
    if (!opened || !opened->peer) co_return;
    test.peer = std::move(opened->peer);
    mcp::Request request;
    request.method = "tools/call";
    request.timeout = 60s;
    test.answer = co_await test.peer->request(request, &test.person);
  }
  template <class F>
  void run_until(F until) {
    context.restart();
    while (!until()) context.run_one();
  }
  std::string id() const { return std::string(jsonrpc::prove(server.bodies.back())->id); }

  boost::asio::io_context context;
  NullLogger log;
  ManualClock clock;
  TaskGroup tasks{context.get_executor(), log};
  StreamingServer server{context.get_executor()};
  SlowPerson person{context.get_executor()};
  std::unique_ptr<Peer> peer;
  std::optional<Result<mcp::Answer>> answer;
};

TEST_F(CallTimeTest, a_person_may_take_longer_than_the_server) {
  tasks.spawn("call", call_into(*this));
  run_until([&] { return server.stream != nullptr; });
  const std::string call = id();
  server.say(jsonrpc::make_request("\"q\"", "elicitation/create", R"({"message":"?"})"));
  run_until([&] { return person.asked; });
  clock.advance(9min);
  server.say(jsonrpc::make_notification("notifications/message", R"({"level":"info","data":1})"));
  person.ready = true;
  person.changed.notify_all();
  run_until([&] { return server.bodies.back().find("\"q\"") != std::string::npos; });
  clock.advance(59s);
  server.say(jsonrpc::make_result(call, R"({"done":1})"));
  run_until([&] { return answer.has_value(); });
  ASSERT_TRUE(*answer) << answer->error().detail;
  EXPECT_EQ(std::get<mcp::Success>(**answer).result.view(), R"({"done":1})");
}

TEST_F(CallTimeTest, a_server_may_not_although_somebody_could_be_asked) {
  tasks.spawn("call", call_into(*this));
  run_until([&] { return server.stream != nullptr; });
  clock.advance(61s);
  server.say(jsonrpc::make_notification("notifications/message", R"({"level":"info","data":1})"));
  run_until([&] { return answer.has_value(); });
  ASSERT_FALSE(*answer);
  EXPECT_EQ(answer->error().code, Errc::outcome_unknown);
}

}  // namespace
}  // namespace gatehouse::mcp_client
