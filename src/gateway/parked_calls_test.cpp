#include "gateway/parked_calls.hpp"

#include <gtest/gtest.h>

#include "async/timer.hpp"
#include "fakes/gateway_fixture.hpp"
#include "mcp/capabilities.hpp"

namespace gatehouse::gateway {
namespace {

using fakes::GatewayInside;
using fakes::MadeCall;
using fakes::PlayedProcess;
using jsonrpc::MessageKind;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// A server of 2025-11-25 whose tool asks who is there before it answers.
struct AskingServer {
  std::string call_id;
  int asked = 0;
  int last_id = 9000;
  int questions = 1;  ///< one after the other
  std::vector<std::string> answers;
  int cancelled = 0;

  void on_line(PlayedProcess& process, const jsonrpc::Message& message) {
    if (message.kind == MessageKind::result || message.kind == MessageKind::error) {
      answers.emplace_back(message.kind == MessageKind::result ? message.result : message.error);
      if (asked < questions) return ask(process);
      return process.say(
          jsonrpc::make_result(call_id, R"({"content":[{"type":"text","text":"hi"}]})"));
    }
    if (message.method == "notifications/cancelled") ++cancelled;
    if (message.kind != MessageKind::request) return;
    if (message.method == "initialize") {
      process.say(jsonrpc::make_result(
          message.id,
          R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"old","version":"1"}})"));
    } else if (message.method == "tools/list") {
      process.say(jsonrpc::make_result(
          message.id, R"({"tools":[{"name":"greet","inputSchema":{"type":"object"}}]})"));
    } else if (message.method == "tools/call") {
      call_id = message.id;
      asked = 0;
      ask(process);
    } else {
      process.say(jsonrpc::make_error(message.id, -32601, "unknown"));
    }
  }
  void ask(PlayedProcess& process) {
    ++asked;
    process.say(jsonrpc::make_request(
        std::to_string(++last_id), "elicitation/create",
        R"({"message":"Who?","requestedSchema":{"type":"object","properties":{}}})"));
  }
};

class ParkedCallsTest : public testing::Test {
 protected:
  ParkedCallsTest() {
    gateway.process = [this](PlayedProcess& process, const jsonrpc::Message& message) {
      server.on_line(process, message);
    };
    gateway.connection.transport = vault::Transport::stdio;
    gateway.connection.url.clear();
    gateway.connection.command = {"old-server"};
    gateway.add_connection();
  }
  MadeCall greet() {
    MadeCall made(gateway.caller(), "execute_capability",
                  R"({"name":"notes.greet","arguments":{}})");
    made.declared = mcp::make_client_capabilities(true, false);
    return made;
  }
  std::string run(MadeCall& call) { return gateway.text_of(gateway.handle(call)); }
  static std::string state_of(const std::string& asked) {
    const std::string json = "{" + asked + "}";
    const auto view = jsonrpc::JsonView::parse(json);
    return view ? view->string("requestState").value_or("") : std::string();
  }
  MadeCall retry_of(const std::string& asked, std::string responses) {
    MadeCall made = greet();
    made.state = state_of(asked);
    made.responses = std::move(responses);
    return made;
  }

  ParkedCalls::Start start() const {
    const auto caller = gateway.caller();
    ParkedCalls::Start start;
    start.caller = caller->identity;
    start.principal = caller->principal;
    start.method = "tools/call";
    start.bridged.capability = "notes.greet";
    start.bridged.connection = "notes";
    start.bridged.name = "greet";
    start.bridged.arguments = "{}";
    start.request_id = "req-1";
    start.capabilities = mcp::make_client_capabilities(true, false);
    return start;
  }

  AskingServer server;
  std::unique_ptr<ParkedCalls> impatient;  ///< outlives the tasks, which end with the gateway
  GatewayInside gateway;
};

TEST_F(ParkedCallsTest,
       a_legacy_servers_question_becomes_input_required_and_the_retry_ends_the_call) {
  MadeCall first = greet();
  const std::string asked = run(first);
  EXPECT_TRUE(contains(asked, "input_required")) << asked;
  EXPECT_TRUE(contains(asked, "notes asks: Who?")) << asked;
  MadeCall retry = retry_of(asked, R"({"question_1":{"action":"accept","content":{}}})");
  EXPECT_TRUE(contains(run(retry), "\"hi\""));
  EXPECT_EQ(server.answers, std::vector<std::string>{R"({"action":"accept","content":{}})"});
  EXPECT_EQ(gateway.parked.size(), 0U);
}

TEST_F(ParkedCallsTest, a_state_opens_its_round_once) {
  server.questions = 2;
  MadeCall first = greet();
  const std::string asked = run(first);
  MadeCall retry = retry_of(asked, R"({"question_1":{"action":"decline"}})");
  const std::string again = run(retry);
  EXPECT_TRUE(contains(again, "question_2")) << again;
  MadeCall twice = retry_of(asked, R"({"question_2":{"action":"accept"}})");
  EXPECT_TRUE(contains(run(twice), "-32602"));
  MadeCall last = retry_of(again, R"({"question_2":{"action":"accept"}})");
  EXPECT_TRUE(contains(run(last), "\"hi\""));
}

TEST_F(ParkedCallsTest, a_retry_without_the_answer_is_asked_again) {
  MadeCall first = greet();
  std::string asked = run(first);
  for (const char* responses : {"", "{}", R"({"other":{"action":"accept"}})"}) {
    MadeCall retry = retry_of(asked, responses);
    asked = run(retry);
    EXPECT_TRUE(contains(asked, "question_1")) << asked;
  }
  MadeCall malformed = retry_of(asked, R"({"question_1":7})");
  EXPECT_TRUE(contains(run(malformed), "-32602"));
  MadeCall last = retry_of(asked, R"({"question_1":{"action":"accept"}})");
  EXPECT_TRUE(contains(run(last), "\"hi\""));
}

TEST_F(ParkedCallsTest,
       a_call_of_a_tool_that_was_excluded_meanwhile_ends_and_its_answer_is_not_given) {
  MadeCall first = greet();
  const std::string asked = run(first);
  EXPECT_EQ(gateway.parked.size(), 1U);
  vault::Connection changed = gateway.connection;
  changed.options.tools.exclude = {"greet"};
  ASSERT_TRUE(gateway.run(gateway.store.connections().update(changed)));
  MadeCall retry = retry_of(asked, R"({"question_1":{"action":"accept","content":{}}})");
  const std::string refused = run(retry);
  EXPECT_TRUE(contains(refused, "unknown capability")) << refused;
  EXPECT_EQ(gateway.parked.size(), 0U);
  for (const std::string& answer : server.answers) EXPECT_FALSE(contains(answer, "accept"));
}

TEST_F(ParkedCallsTest, a_call_of_a_connection_that_was_disabled_meanwhile_ends) {
  MadeCall first = greet();
  const std::string asked = run(first);
  vault::Connection changed = gateway.connection;
  changed.options.enabled = false;
  ASSERT_TRUE(gateway.run(gateway.store.connections().update(changed)));
  MadeCall retry = retry_of(asked, R"({"question_1":{"action":"accept","content":{}}})");
  EXPECT_TRUE(contains(run(retry), "unknown capability"));
  EXPECT_EQ(gateway.parked.size(), 0U);
}

TEST_F(ParkedCallsTest, a_client_that_declared_nothing_is_not_waited_for) {
  MadeCall made = greet();
  made.declared = {};
  run(made);
  EXPECT_EQ(gateway.parked.size(), 0U);
  ASSERT_EQ(server.answers.size(), 1U);
  EXPECT_TRUE(contains(server.answers.front(), "-32601"));
}

TEST_F(ParkedCallsTest, a_call_that_nobody_returns_to_ends_and_its_server_is_told) {
  const auto short_time = std::chrono::milliseconds(1);
  impatient = std::make_unique<ParkedCalls>(
      gateway.pipeline, gateway.tasks,
      ParkedCalls::Settings{.life = short_time, .gathering = short_time});
  ParkedCalls& parked = *impatient;
  CancelSource never;
  const auto caller = gateway.caller();
  BridgedCall bridged{.capability = "notes.greet",
                      .connection = "notes",
                      .name = "greet",
                      .params = {},
                      .meta = {},
                      .arguments = "{}",
                      .access = {}};
  auto step = gateway.run(parked.start({caller->identity,
                                        caller->principal,
                                        "tools/call",
                                        bridged,
                                        {},
                                        "req-1",
                                        mcp::make_client_capabilities(true, false)},
                                       nullptr, never));
  ASSERT_TRUE(std::holds_alternative<ParkedCalls::Pause>(step));
  while (server.cancelled == 0 || parked.size() > 0) {
    gateway.context.restart();
    gateway.context.run_one();
  }
  const auto& pause = std::get<ParkedCalls::Pause>(step);
  auto late =
      gateway.run(parked.resume(pause.id, pause.round, caller->identity, {}, nullptr, never));
  EXPECT_TRUE(std::holds_alternative<ParkedCalls::Gone>(late));
}

TEST_F(ParkedCallsTest, a_caller_with_too_many_waiting_calls_loses_the_oldest) {
  impatient = std::make_unique<ParkedCalls>(gateway.pipeline, gateway.tasks,
                                            ParkedCalls::Settings{.most_per_caller = 1});
  CancelSource never;
  auto first = gateway.run(impatient->start(start(), nullptr, never));
  auto second = gateway.run(impatient->start(start(), nullptr, never));
  ASSERT_TRUE(std::holds_alternative<ParkedCalls::Pause>(first));
  ASSERT_TRUE(std::holds_alternative<ParkedCalls::Pause>(second));
  EXPECT_EQ(impatient->size(), 1U);
  const auto& gone = std::get<ParkedCalls::Pause>(first);
  auto late = gateway.run(
      impatient->resume(gone.id, gone.round, gateway.caller()->identity, {}, nullptr, never));
  EXPECT_TRUE(std::holds_alternative<ParkedCalls::Gone>(late));
  impatient->end(std::get<ParkedCalls::Pause>(second).id);
}

TEST_F(ParkedCallsTest, a_call_with_more_input_than_may_be_kept_does_not_wait) {
  impatient = std::make_unique<ParkedCalls>(gateway.pipeline, gateway.tasks,
                                            ParkedCalls::Settings{.most_bytes = 1});
  CancelSource never;
  auto step = gateway.run(impatient->start(start(), nullptr, never));
  EXPECT_TRUE(std::holds_alternative<CallOutcome>(step));
  EXPECT_EQ(impatient->size(), 0U);
}

}  // namespace
}  // namespace gatehouse::gateway
