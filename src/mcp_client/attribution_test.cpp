// Whom a message of the server concerns that came over shared lines, against a scripted channel.
#include <gtest/gtest.h>

#include "async/mailbox.hpp"
#include "async/run.hpp"
#include "async/start.hpp"
#include "async/task_group.hpp"
#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/capabilities.hpp"
#include "mcp_client/connect.hpp"

namespace gatehouse::mcp_client {
namespace {

class Lines final : public jsonrpc::LineChannel {
 public:
  struct Shared {
    explicit Shared(Executor executor) : out(executor, 200), changed(executor) {}
    Mailbox<std::string> out;
    Condition changed;
    std::vector<std::string> sent;
    mcp::Era era = mcp::Era::legacy;
  };
  explicit Lines(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  Task<Result<void>> write_line(std::string_view line) override {
    shared_->sent.emplace_back(line);
    const auto message = jsonrpc::prove(line);
    if (message->method == "initialize") {
      shared_->out.push(jsonrpc::make_result(message->id,
                                             R"({"protocolVersion":"2025-11-25","capabilities":{},)"
                                             R"("serverInfo":{"name":"s","version":"1"}})"));
    }
    shared_->changed.notify_all();
    co_return Result<void>{};
  }
  Task<Result<std::optional<std::string>>> read_line() override {
    co_return co_await shared_->out.pop();
  }
  Task<> close() override {
    shared_->out.close();
    co_return;
  }
  std::string epitaph() const override { return {}; }

 private:
  std::shared_ptr<Shared> shared_;
};

class OneLauncher final : public Launcher {
 public:
  explicit OneLauncher(std::shared_ptr<Lines::Shared> shared) : shared_(std::move(shared)) {}
  Task<Result<std::unique_ptr<jsonrpc::LineChannel>>> launch() override {
    co_return std::make_unique<Lines>(shared_);
  }

 private:
  std::shared_ptr<Lines::Shared> shared_;
};

class NoHttp final : public http::Client {
 public:
  Task<Result<http::Reply>> send(http::Request, http::SendOptions) override {
    co_return fail(Errc::bug, "stdio needs no HTTP");
  }
};

class Heard final : public mcp::NotificationSink {
 public:
  void on_notification(std::string_view method, std::string_view) override {
    heard.emplace_back(method.substr(method.rfind('/') + 1));
  }
  std::vector<std::string> heard;
};

class Somebody final : public Interaction {
 public:
  Somebody(Executor executor, mcp::ClientCapabilities can)
      : answered(executor), can_(std::move(can)) {}
  const mcp::ClientCapabilities& capabilities() const override { return can_; }
  Task<Result<std::string>> answer(std::string_view method, std::string_view) override {
    asked.emplace_back(method);
    answered.notify_all();
    if (silent) {
      const std::shared_ptr<void> left(nullptr, [this](void*) { gave_up = true; });
      while (true) co_await answered.wait();
    }
    co_return "{}";
  }
  Condition answered;
  std::vector<std::string> asked;
  bool silent = false;
  bool gave_up = false;

 private:
  mcp::ClientCapabilities can_;
};

class AttributionTest : public testing::Test {
 protected:
  struct Call {
    std::optional<Result<mcp::Answer>> answer;
    Heard sink;
  };
  ~AttributionTest() override { run(end(*this)); }
  static Task<> end(AttributionTest& test) {
    if (test.peer) co_await test.peer->close();
    test.peer.reset();
    co_await test.tasks.shutdown();
  }
  static Task<> open(AttributionTest& test) {
    StdioTarget target;
    target.launcher = &test.launcher;
    target.command = "server";
    target.known = {test.lines->era, test.lines->era == mcp::Era::modern ? "2026-07-28" : ""};
    target.capabilities = mcp::make_client_capabilities(true, false, true);
    target.notifications = &test.outside;
    auto opened =
        co_await open_stdio(std::move(target), {test.http, test.tasks, test.log, test.clock});
    EXPECT_TRUE(opened && opened->peer);
    if (opened) test.peer = std::move(opened->peer);
  }
  static Task<> call_into(AttributionTest& test, Call& call, Interaction* interaction) {
    mcp::Request request;
    request.method = "tools/call";
    request.sink = &call.sink;
    call.answer = co_await test.peer->request(request, interaction);
    test.lines->changed.notify_all();
  }
  void begin(Call& call, Interaction* interaction = nullptr) {
    tasks.spawn("call", call_into(*this, call, interaction));
  }
  void run(Task<> task) {
    bool ended = false;
    start(context.get_executor(), std::move(task),
          [&](const std::exception_ptr&) { ended = true; });
    context.restart();
    while (!ended) context.run_one();
  }
  template <class F>
  void run_until(F until) {
    context.restart();
    while (!until()) context.run_one();
  }
  void say(std::string line) { lines->out.push(std::move(line)); }
  void log_something() {
    say(jsonrpc::make_notification("notifications/message", R"({"level":"info","data":"x"})"));
  }
  void ask(std::string_view id, std::string_view method) {
    say(jsonrpc::make_request(id, method, "{}"));
  }
  bool sent(std::string_view part) const {
    return std::ranges::any_of(
        lines->sent, [&](const std::string& line) { return line.find(part) != std::string::npos; });
  }

  boost::asio::io_context context;
  NullLogger log;
  RealClock clock;
  NoHttp http;
  TaskGroup tasks{context.get_executor(), log};
  std::shared_ptr<Lines::Shared> lines = std::make_shared<Lines::Shared>(context.get_executor());
  OneLauncher launcher{lines};
  Heard outside;
  std::unique_ptr<Peer> peer;
};

TEST_F(AttributionTest, with_one_call_under_way_it_is_that_calls) {
  run(open(*this));
  Call one;
  begin(one);  // request 2
  log_something();
  say(jsonrpc::make_notification("notifications/progress", R"({"progressToken":2,"progress":1})"));
  say(jsonrpc::make_notification("notifications/tools/list_changed"));
  say(jsonrpc::make_result("2", "{}"));
  run_until([&] { return one.answer.has_value(); });
  EXPECT_EQ(one.sink.heard, (std::vector<std::string>{"message", "progress"}));
  EXPECT_EQ(outside.heard, std::vector<std::string>{"list_changed"}) << "concerns everybody";
}

TEST_F(AttributionTest, with_several_only_what_names_its_call_reaches_one) {
  run(open(*this));
  Call one, two;
  begin(one);
  begin(two);
  log_something();
  say(jsonrpc::make_notification("notifications/progress", R"({"progressToken":2,"progress":1})"));
  say(jsonrpc::make_notification("notifications/progress", R"({"progressToken":9,"progress":1})"));
  say(jsonrpc::make_result("2", "{}"));
  run_until([&] { return one.answer.has_value(); });
  log_something();
  say(jsonrpc::make_result("3", "{}"));
  run_until([&] { return two.answer.has_value(); });
  EXPECT_EQ(one.sink.heard, std::vector<std::string>{"progress"});
  EXPECT_EQ(two.sink.heard, std::vector<std::string>{"message"}) << "alone by then";
  EXPECT_EQ(outside.heard, std::vector<std::string>{"message"});
}

TEST_F(AttributionTest, a_question_goes_to_the_latest_call_whose_requester_can_answer_it) {
  run(open(*this));
  Somebody both(context.get_executor(), mcp::make_client_capabilities(true, false, true));
  Somebody form(context.get_executor(), mcp::make_client_capabilities(true, false));
  Call one, two, three;
  begin(one, &both);
  begin(two, &form);
  begin(three);
  ask("\"a\"", "elicitation/create");
  ask("\"b\"", "sampling/createMessage");
  ask("\"c\"", "roots/list");
  run_until([&] { return sent(R"("id":"c")") && sent(R"("id":"b")") && sent(R"("id":"a")"); });
  EXPECT_EQ(form.asked, std::vector<std::string>{"elicitation/create"});
  EXPECT_EQ(both.asked, std::vector<std::string>{"sampling/createMessage"});
  EXPECT_TRUE(sent(R"("id":"c","error":{"code":-32601)"));
  for (const char* id : {"2", "3", "4"}) say(jsonrpc::make_result(id, "{}"));
  run_until([&] { return one.answer && two.answer && three.answer; });
}

TEST_F(AttributionTest, a_question_ends_with_the_call_it_was_asked_for) {
  run(open(*this));
  Somebody nobody_home(context.get_executor(), mcp::make_client_capabilities(true, false));
  nobody_home.silent = true;
  Call one;
  begin(one, &nobody_home);
  ask("1", "elicitation/create");
  run_until([&] { return !nobody_home.asked.empty(); });
  say(jsonrpc::make_result("2", R"({"done":1})"));  // it did not wait
  run_until([&] { return one.answer.has_value(); });
  EXPECT_TRUE(std::holds_alternative<mcp::Success>(**one.answer));
  EXPECT_TRUE(nobody_home.gave_up);
}

TEST_F(AttributionTest, a_call_that_failed_for_want_of_a_capability_says_which) {
  run(open(*this));
  Call one;
  begin(one);
  ask("1", "sampling/createMessage");
  run_until([&] { return sent("-32601"); });
  say(jsonrpc::make_error("2", -32603, "no sampling"));
  run_until([&] { return one.answer.has_value(); });
  const auto& error = std::get<mcp::RpcError>(**one.answer);
  EXPECT_EQ(error.code, -32021);
  EXPECT_EQ(error.data, R"({"requiredCapabilities":{"sampling":{}}})");
}

TEST_F(AttributionTest, what_a_modern_server_says_to_a_subscription_is_told_by_its_id) {
  lines->era = mcp::Era::modern;
  run(open(*this));
  Call one;
  begin(one);  // request 1
  std::optional<Result<Followed>> followed;
  struct Follow {
    static Task<> into(Peer& peer, std::optional<Result<Followed>>& followed) {
      mcp::Interest interest;
      interest.tools = true;
      followed = co_await peer.follow(interest);
    }
  };
  tasks.spawn("follow", Follow::into(*peer, followed));
  run_until([&] { return sent("subscriptions/listen"); });
  const std::string tag = R"("_meta":{"io.modelcontextprotocol/subscriptionId":2})";
  say(jsonrpc::make_notification("notifications/subscriptions/acknowledged",
                                 "{" + tag + R"(,"notifications":{"toolsListChanged":true}})"));
  run_until([&] { return followed.has_value(); });
  EXPECT_TRUE(std::get<mcp::Interest>(**followed).tools);
  say(jsonrpc::make_notification("notifications/tools/list_changed", "{" + tag + "}"));
  run_until([&] { return !outside.heard.empty(); });
  EXPECT_TRUE(one.sink.heard.empty());
  followed.reset();
  struct Unfollow {
    static Task<> of(Peer& peer) { (void)co_await peer.follow({}); }
  };
  run(Unfollow::of(*peer));
  run_until([&] { return sent(R"("method":"notifications/cancelled","params":{"requestId":2)"); });
  say(jsonrpc::make_result("1", "{}"));
  run_until([&] { return one.answer.has_value(); });
}

}  // namespace
}  // namespace gatehouse::mcp_client
