// StdioPeer against a scripted line channel.
#include <deque>

#include "async/mailbox.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "async/timer.hpp"
#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/capabilities.hpp"
#include "mcp_client/connect.hpp"
#include "mcp_client/list_tools.hpp"

namespace gatehouse::mcp_client {
namespace {

using jsonrpc::JsonView;

/// A server as a function: lines in, lines out; nothing means that it exits.
using Server = std::function<std::optional<std::vector<std::string>>(const jsonrpc::Message&)>;

class FakeChannel final : public jsonrpc::LineChannel {
 public:
  FakeChannel(Executor executor, Server server, int& closed)
      : server_(std::move(server)), out_(executor, 200), never_(executor), closed_(closed) {}
  Task<Result<void>> write_line(std::string_view line) override {
    if (out_.closed()) co_return fail(Errc::unavailable, "gone");
    const auto message = jsonrpc::prove(line);
    EXPECT_TRUE(message) << line;
    if (message->string_member("name") == "unread") co_await never_.wait();
    auto lines = server_(*message);
    if (!lines) {
      out_.close();
      co_return Result<void>{};
    }
    for (std::string& answer : *lines) out_.push(std::move(answer));
    co_return Result<void>{};
  }
  Task<Result<std::optional<std::string>>> read_line() override { co_return co_await out_.pop(); }
  Task<> close() override {
    ++closed_;
    out_.close();
    co_return;
  }
  std::string epitaph() const override { return "exit status 3"; }

 private:
  Server server_;
  Mailbox<std::string> out_;
  Condition never_;
  int& closed_;
};

class FakeLauncher final : public Launcher {
 public:
  FakeLauncher(Executor executor, Server server)
      : executor_(executor), server_(std::move(server)) {}
  Task<Result<std::unique_ptr<jsonrpc::LineChannel>>> launch() override {
    ++launched;
    co_return std::make_unique<FakeChannel>(executor_, server_, closed);
  }
  int launched = 0;
  int closed = 0;

 private:
  Executor executor_;
  Server server_;
};

class NoHttp final : public http::Client {
 public:
  Task<Result<http::Reply>> send(http::Request, http::SendOptions) override {
    co_return fail(Errc::bug, "stdio needs no HTTP");
  }
};

std::string result(const jsonrpc::Message& message, std::string_view raw) {
  return jsonrpc::make_result(message.id, raw);
}

std::optional<std::vector<std::string>> legacy_server(const jsonrpc::Message& message) {
  using Lines = std::vector<std::string>;
  if (message.method == "server/discover") return std::nullopt;  // as rmcp does
  if (message.method == "initialize") {
    return Lines{"starting up",
                 result(message, R"({"protocolVersion":"2025-06-18","capabilities":{},)"
                                 R"("serverInfo":{"name":"old","version":"1"}})")};
  }
  if (message.kind == jsonrpc::MessageKind::notification) return Lines{};
  if (message.method == "tools/list") {
    const bool second = !message.member("cursor").empty();
    return Lines{
        result(message, second ? R"({"tools":[{"name":"b","inputSchema":{}}],"nextCursor":"1"})"
                               : R"({"tools":[{"name":"a","inputSchema":{}}],"nextCursor":"1"})")};
  }
  if (message.string_member("name") == "die") return std::nullopt;
  if (message.string_member("name") == "ask") {
    return Lines{
        R"({"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"?"}})",
        R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)" +
            std::string(message.id) + R"(,"progress":1}})",
        result(message, R"({"asked":true})")};
  }
  if (message.string_member("name") == "silent") return Lines{};
  if (message.kind == jsonrpc::MessageKind::request) return Lines{result(message, R"({"ok":1})")};
  return Lines{};
}

class Person final : public Interaction {
 public:
  const mcp::ClientCapabilities& capabilities() const override { return capabilities_; }
  Task<Result<std::string>> answer(std::string_view, std::string_view) override {
    ++asked;
    co_return R"({"action":"accept"})";
  }
  int asked = 0;

 private:
  mcp::ClientCapabilities capabilities_ = mcp::make_client_capabilities(true, false);
};

class CountingSink final : public mcp::NotificationSink {
 public:
  void on_notification(std::string_view, std::string_view) override { ++count; }
  int count = 0;
};

struct Fixture {
  explicit Fixture(Server server)
      : tasks(context.get_executor(), log), launcher(context.get_executor(), std::move(server)) {}

  Task<Result<Opened>> open(std::optional<EraVerdict> known = {}) {
    StdioTarget target;
    target.known = std::move(known);
    target.launcher = &launcher;
    target.command = "server";
    target.capabilities = person.capabilities();
    co_return co_await open_stdio(std::move(target), {http, tasks, log, clock});
  }

  boost::asio::io_context context{1};
  NullLogger log;
  RealClock clock;
  NoHttp http;
  TaskGroup tasks;
  FakeLauncher launcher;
  Person person;
};

mcp::Request call_of(std::string_view name, std::vector<std::string>& storage) {
  storage.push_back("\"name\":" + jsonrpc::quote(name) + ",\"arguments\":{}");
  mcp::Request request;
  request.method = "tools/call";
  request.name = name;
  request.params = {storage.back()};
  return request;
}

Task<> use_legacy(Fixture& f) {
  auto opened = co_await f.open();
  EXPECT_TRUE(opened && opened->peer);
  if (!opened || !opened->peer) co_return;
  EXPECT_EQ(f.launcher.launched, 2);  // the probe's process ended
  EXPECT_EQ(opened->verdict.era, mcp::Era::legacy);
  EXPECT_EQ(opened->peer->info().protocol_version, "2025-06-18");

  std::vector<std::string> storage;
  storage.reserve(8);
  CountingSink sink;
  mcp::Request ask = call_of("ask", storage);
  ask.sink = &sink;
  auto asked = co_await opened->peer->request(ask, &f.person);
  EXPECT_TRUE(asked && std::holds_alternative<mcp::Success>(*asked));
  EXPECT_EQ(f.person.asked, 1);
  EXPECT_EQ(sink.count, 1);

  auto listed = co_await list_tools(*opened->peer, PeerTransport::stdio, f.log);
  EXPECT_TRUE(listed);
  const auto& list = std::get<ToolList>(*listed);
  EXPECT_EQ(list.tools.size(), 2U);
  EXPECT_TRUE(list.truncated);  // the server repeats its cursor

  mcp::Request silent = call_of("silent", storage);
  silent.timeout = std::chrono::milliseconds(20);
  auto late = co_await opened->peer->request(silent, nullptr);
  EXPECT_TRUE(!late && late.error().code == Errc::outcome_unknown);

  auto died = co_await opened->peer->request(call_of("die", storage), nullptr);
  EXPECT_TRUE(!died && died.error().code == Errc::outcome_unknown);
  EXPECT_NE(died.error().detail.find("exit status 3"), std::string::npos);
  EXPECT_FALSE(opened->peer->alive());
  auto after = co_await opened->peer->request(call_of("x", storage), nullptr);
  EXPECT_TRUE(!after && after.error().code == Errc::unavailable);
  opened->peer.reset();
  co_await f.tasks.shutdown();
}

TEST(StdioPeer, speaks_to_a_legacy_server_that_exits_on_the_probe) {
  Fixture f(legacy_server);
  run_to_end(f.context, use_legacy(f));
}

Task<> send_what_is_not_read(Fixture& f) {
  auto opened = co_await f.open();
  EXPECT_TRUE(opened && opened->peer);
  if (!opened || !opened->peer) co_return;
  std::vector<std::string> storage;
  storage.reserve(1);
  mcp::Request unread = call_of("unread", storage);
  unread.timeout = std::chrono::milliseconds(20);
  auto answer = co_await opened->peer->request(unread, nullptr);
  EXPECT_TRUE(!answer && answer.error().code == Errc::outcome_unknown);
  EXPECT_FALSE(opened->peer->alive());  // the next call gets a new process
  opened->peer.reset();
  co_await f.tasks.shutdown();
}

TEST(StdioPeer, gives_up_a_process_that_does_not_read) {
  Fixture f(legacy_server);
  run_to_end(f.context, send_what_is_not_read(f));
}

/// A person who takes their time.
class SlowPerson final : public Interaction {
 public:
  explicit SlowPerson(Executor executor) : free_(executor) {}
  const mcp::ClientCapabilities& capabilities() const override { return capabilities_; }
  Task<Result<std::string>> answer(std::string_view, std::string_view) override {
    ++asked;
    co_await free_.wait();
    co_return R"({"action":"accept"})";
  }
  void let_go() { free_.notify_all(); }
  int asked = 0;

 private:
  Condition free_;
  mcp::ClientCapabilities capabilities_ = mcp::make_client_capabilities(true, false);
};

Task<> let_go(SlowPerson& person) {
  co_await sleep_for(std::chrono::milliseconds(20));
  person.let_go();
}

Task<> be_asked_too_much(Fixture& f, SlowPerson& person) {
  auto opened = co_await f.open();
  EXPECT_TRUE(opened && opened->peer);
  if (!opened || !opened->peer) co_return;
  std::vector<std::string> storage;
  storage.reserve(1);
  f.tasks.spawn("let_go", let_go(person));
  auto answer = co_await opened->peer->request(call_of("flood", storage), &person);
  EXPECT_TRUE(answer && std::holds_alternative<mcp::Success>(*answer));
  EXPECT_EQ(person.asked, limits::kServerRequests);
  opened->peer.reset();
  co_await f.tasks.shutdown();
}

TEST(StdioPeer, answers_so_many_questions_of_the_server_at_once_and_no_more) {
  Fixture f([](const jsonrpc::Message& message) {
    if (message.string_member("name") != "flood") return legacy_server(message);
    std::vector<std::string> lines;
    for (int i = 0; i < 100; ++i) {
      lines.push_back(R"({"jsonrpc":"2.0","id":)" + std::to_string(i) +
                      R"(,"method":"elicitation/create","params":{"message":"?"}})");
    }
    lines.push_back(result(message, "{}"));
    return std::optional(lines);
  });
  SlowPerson person(f.context.get_executor());
  run_to_end(f.context, be_asked_too_much(f, person));
}

Task<> use_modern(Fixture& f) {
  auto opened = co_await f.open();
  EXPECT_TRUE(opened && opened->peer);
  if (!opened || !opened->peer) co_return;
  EXPECT_EQ(opened->verdict.era, mcp::Era::modern);
  std::vector<std::string> storage;
  storage.reserve(8);
  auto answer = co_await opened->peer->request(call_of("round", storage), &f.person);
  EXPECT_TRUE(answer && std::holds_alternative<mcp::Success>(*answer));
  EXPECT_EQ(f.person.asked, 1);
  CancelSource cancel;
  mcp::Request silent = call_of("silent", storage);
  silent.cancel = &cancel;
  cancel.cancel();
  auto given_up = co_await opened->peer->request(silent, nullptr);
  EXPECT_TRUE(!given_up && given_up.error().code == Errc::cancelled);
  co_await opened->peer->close();
  EXPECT_FALSE(opened->peer->alive());
  opened->peer.reset();
  co_await f.tasks.shutdown();
}

TEST(StdioPeer, speaks_to_a_modern_server_in_rounds) {
  Fixture f([](const jsonrpc::Message& message) -> std::optional<std::vector<std::string>> {
    using Lines = std::vector<std::string>;
    EXPECT_EQ(message.meta_member("io.modelcontextprotocol/protocolVersion"), "\"2026-07-28\"");
    if (message.method == "server/discover") {
      return Lines{result(message, R"({"supportedVersions":["2026-07-28"],"capabilities":{}})")};
    }
    if (message.member("inputResponses").empty()) {
      return Lines{result(message,
                          R"({"resultType":"input_required","requestState":"s","inputRequests":)"
                          R"({"k":{"method":"elicitation/create","params":{"message":"?"}}}})")};
    }
    EXPECT_EQ(message.member("requestState"), "\"s\"");
    return Lines{result(message, R"({"resultType":"complete"})")};
  });
  run_to_end(f.context, use_modern(f));
}

Task<> fail_to_open(Fixture& f) {
  auto opened = co_await f.open();
  EXPECT_FALSE(opened);
  if (!opened) {
    EXPECT_EQ(opened.error().code, Errc::unavailable);
    EXPECT_NE(opened.error().detail.find("exit status 3"), std::string::npos);
  }
  co_await f.tasks.shutdown();
}

TEST(StdioPeer, says_how_a_process_ended_that_never_spoke) {
  Fixture f([](const jsonrpc::Message&) { return std::nullopt; });
  run_to_end(f.context, fail_to_open(f));
}

Task<> give_up_opening(Fixture& f, std::optional<EraVerdict> known) {
  auto opened = co_await with_timeout(std::chrono::milliseconds(20), f.open(known), "opening");
  EXPECT_TRUE(!opened && opened.error().code == Errc::timeout);
  co_await f.tasks.drain();
  EXPECT_EQ(f.launcher.launched, 1);
  EXPECT_EQ(f.launcher.closed, 1);
}

TEST(StdioPeer, closes_the_process_politely_when_its_opening_is_cancelled) {
  for (const bool probing : {true, false}) {
    Fixture f([](const jsonrpc::Message&) { return std::vector<std::string>{}; });
    const auto known = probing ? std::nullopt : std::optional(EraVerdict{});
    run_to_end(f.context, give_up_opening(f, known));
  }
}

}  // namespace
}  // namespace gatehouse::mcp_client
