#include <gmock/gmock.h>

#include "async/mailbox.hpp"
#include "async/run.hpp"
#include "fakes/echo_service.hpp"
#include "mcp_server/line_endpoint.hpp"

namespace gatehouse::mcp_server {
namespace {

using ::testing::HasSubstr;

class FakeChannel final : public jsonrpc::LineChannel {
 public:
  explicit FakeChannel(Executor executor) : in(executor, 100), unstuck(executor) {}
  Task<Result<void>> write_line(std::string_view line) override {
    EXPECT_EQ(line.find('\n'), std::string_view::npos);
    written.emplace_back(line);
    while (stuck) co_await unstuck.wait();
    if (on_write) on_write(written.back());
    co_return Result<void>{};
  }
  Task<Result<std::optional<std::string>>> read_line() override { co_return co_await in.pop(); }
  Task<> close() override {
    in.close();
    co_return;
  }

  Mailbox<std::string> in;
  std::vector<std::string> written;
  std::function<void(const std::string&)> on_write;
  bool stuck = false;  ///< the client reads nothing
  Condition unstuck;
};

class LineEndpointTest : public ::testing::Test {
 protected:
  ~LineEndpointTest() override { run_to_end(context_, tasks_.shutdown()); }

  static std::string modern(std::string_view id, std::string_view method,
                            std::string_view members = "") {
    return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":")" + std::string(method) +
           R"(","params":{)" + std::string(members) +
           R"("_meta":{"progressToken":"p","io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
           R"("io.modelcontextprotocol/clientCapabilities":{}}}})";
  }
  static std::string initialize() {
    return R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"elicitation":{}}}})";
  }
  static std::string tool(std::string_view id, std::string_view name) {
    return R"({"jsonrpc":"2.0","id":)" + std::string(id) +
           R"(,"method":"tools/call","params":{"name":")" + std::string(name) + "\"}}";
  }

  /// Sends all lines; closes once `answers` lines have come back.
  std::vector<std::string> converse(std::vector<std::string> lines, std::size_t answers) {
    for (std::string& line : lines) channel_.in.push(std::move(line));
    channel_.on_write = [this, answers,
                         more = std::move(channel_.on_write)](const std::string& line) {
      if (more) more(line);
      if (channel_.written.size() == answers) channel_.in.close();
    };
    if (answers == 0) channel_.in.close();
    auto caller = std::make_shared<Caller>();
    caller->identity = "ada";
    LineEndpoint endpoint(service_, caller, channel_, tasks_, logger_, settings_);
    run_to_end(context_, endpoint.run());
    return channel_.written;
  }

  boost::asio::io_context context_{1};
  NullLogger logger_;
  TaskGroup tasks_{context_.get_executor(), logger_};
  EchoService service_{context_.get_executor()};
  FakeChannel channel_{context_.get_executor()};
  EndpointSettings settings_;
};

TEST_F(LineEndpointTest, both_eras_are_served_side_by_side) {
  service_.raw = "{\n \"content\" : []\r\n}";
  const auto lines =
      converse({modern("1", "server/discover"), modern("2", "tools/call", R"("name":"raw",)"),
                initialize(), R"({"jsonrpc":"2.0","id":3,"method":"ping"})"},
               4);
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr(R"("id":1,"result":{"resultType":"complete")")));
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr(R"("content" : [])")));
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr(R"("protocolVersion":"2025-11-25")")));
  EXPECT_THAT(lines, ::testing::Contains(R"({"jsonrpc":"2.0","id":3,"result":{}})"));
}

TEST_F(LineEndpointTest, a_modern_envelope_is_checked_without_headers) {
  const auto lines = converse(
      {modern("1", "ping"),
       R"({"jsonrpc":"2.0","id":2,"method":"x","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})"},
      2);
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("-32601")));
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("-32602")));
}

TEST_F(LineEndpointTest, legacy_requests_wait_for_initialize) {
  const auto lines = converse({tool("1", "echo")}, 1);
  EXPECT_THAT(lines[0], HasSubstr("initialize first"));
}

TEST_F(LineEndpointTest, garbage_is_answered_and_ends_nothing) {
  const auto lines = converse({"{", "", R"({"jsonrpc":"2.0","id":5})", initialize()}, 3);
  EXPECT_THAT(lines[0], HasSubstr(R"("id":null,"error":{"code":-32700)"));
  EXPECT_THAT(lines[1], HasSubstr(R"("id":5,"error":{"code":-32600)"));
  EXPECT_THAT(lines[2], HasSubstr("protocolVersion"));
}

TEST_F(LineEndpointTest, requests_run_at_the_same_time_and_can_be_cancelled) {
  channel_.on_write = [this](const std::string& line) {
    if (line.find("\"id\":2") == std::string::npos) return;
    channel_.in.push(
        R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})");
    channel_.in.push(R"({"jsonrpc":"2.0","id":9,"method":"ping"})");
  };
  const auto lines =
      converse({initialize(), tool("1", "wait"), R"({"jsonrpc":"2.0","id":2,"method":"ping"})"}, 3);
  EXPECT_TRUE(service_.waiting);
  EXPECT_THAT(lines, ::testing::Not(::testing::Contains(HasSubstr("waited"))));
}

TEST_F(LineEndpointTest, the_client_is_asked_over_the_same_channel) {
  channel_.on_write = [this](const std::string& line) {
    if (line.find("elicitation/create") == std::string::npos) return;
    channel_.in.push(R"({"jsonrpc":"2.0","id":"ask-1","result":{"action":"decline"}})");
  };
  const auto lines = converse({initialize(), tool("1", "ask")}, 3);
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr(R"("result":{"answer":{"action":"decline"}})")));
}

TEST_F(LineEndpointTest, the_end_of_the_channel_cancels_what_is_under_way) {
  const auto lines = converse({initialize(), tool("1", "ask"), tool("2", "wait")}, 2);
  EXPECT_EQ(lines.size(), 2u);
  EXPECT_EQ(tasks_.size(), 0u);
}

TEST_F(LineEndpointTest, notifications_are_lines) {
  const auto lines = converse({modern("1", "tools/call", R"("name":"progress",)")}, 3);
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr(R"("progress":2})")));
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("done")));
}

TEST_F(LineEndpointTest, the_number_of_requests_under_way_is_bounded) {
  settings_.max_line_calls = 1;
  const auto lines = converse({initialize(), tool("1", "wait"), tool("2", "wait")}, 2);
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("max_line_calls")));
}

TEST_F(LineEndpointTest, a_client_that_does_not_read_is_not_read_for_ever) {
  settings_.max_line_calls = 2;
  channel_.stuck = true;
  for (int i = 0; i < 50; ++i) channel_.in.push(tool(std::to_string(i), "echo"));
  channel_.in.close();
  auto caller = std::make_shared<Caller>();
  LineEndpoint endpoint(service_, caller, channel_, tasks_, logger_, settings_);
  tasks_.spawn("run", endpoint.run());
  context_.poll();
  EXPECT_LT(channel_.written.size(), 10U);
  EXPECT_GT(channel_.in.size(), 40U);
  channel_.stuck = false;
  channel_.unstuck.notify_all();
  run_to_end(context_, tasks_.drain());
  EXPECT_EQ(channel_.written.size(), 50U);
}

TEST_F(LineEndpointTest, a_batch_of_2025_03_26_is_answered_in_one_array) {
  const std::string old =
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{}}})";
  const auto written =
      converse({old, R"([{"jsonrpc":"2.0","id":1,"method":"ping"},)"
                     R"({"jsonrpc":"2.0","method":"notifications/x"},)"
                     R"({"jsonrpc":"2.0","id":"b","method":"initialize","params":{}},)"
                     R"({"jsonrpc":"2.0","id":3,"method":"server/discover"}])"},
               2);
  ASSERT_EQ(written.size(), 2U);
  EXPECT_THAT(written[1], ::testing::StartsWith(R"([{"jsonrpc":"2.0","id":1,"result":{}},{)"));
  EXPECT_THAT(written[1], HasSubstr(R"("id":"b","error":{"code":-32600)"));
  EXPECT_THAT(written[1], HasSubstr(R"("id":3,"error":{"code":-32601)"));
  EXPECT_THAT(written[1], ::testing::EndsWith("]"));
}

TEST_F(LineEndpointTest, a_batch_is_refused_in_every_other_revision) {
  const std::string batch = R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])";
  const auto written = converse({initialize(), batch}, 2);
  ASSERT_EQ(written.size(), 2U);
  const std::string refused =
      R"({"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batches ended with 2025-03-26"}})";
  EXPECT_THAT(written, ::testing::Contains(refused));
}

TEST_F(LineEndpointTest, a_batch_without_requests_is_not_answered) {
  const std::string old =
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{}}})";
  const auto written =
      converse({old, R"([{"jsonrpc":"2.0","method":"notifications/x"}])", tool("1", "echo")}, 2);
  ASSERT_EQ(written.size(), 2U);
  EXPECT_THAT(written[1], HasSubstr(R"("id":1)"));
}

TEST_F(LineEndpointTest, what_was_posted_stands_before_the_answer) {
  const auto lines = converse({modern("1", "tools/call", R"("name":"progress",)")}, 3);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines[0], HasSubstr(R"("progress":1})"));
  EXPECT_THAT(lines[1], HasSubstr(R"("progress":2})"));
  EXPECT_THAT(lines[2], HasSubstr("done"));
}

TEST_F(LineEndpointTest, a_listen_is_acknowledged_first_tagged_and_answered_at_its_end) {
  channel_.on_write = [this](const std::string& line) {
    if (line.find("acknowledged") != std::string::npos) {
      service_.followers[0]->post("notifications/prompts/list_changed", {});
      service_.followers[0]->post("notifications/tools/list_changed", {});
    } else if (line.find("tools/list_changed") != std::string::npos) {
      service_.followers[0]->end();
    }
  };
  const auto lines =
      converse({modern("\"l\"", "subscriptions/listen",
                       R"("notifications":{"toolsListChanged":true,"promptsListChanged":true},)")},
               3);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines[0], HasSubstr(R"("notifications":{"toolsListChanged":true}})"));
  EXPECT_THAT(lines[0], HasSubstr(R"("io.modelcontextprotocol/subscriptionId":"l")"));
  EXPECT_THAT(lines[1], HasSubstr(R"("io.modelcontextprotocol/subscriptionId":"l")"));
  EXPECT_THAT(lines[2], HasSubstr(R"("id":"l","result":{"resultType":"complete")"));
  EXPECT_TRUE(service_.followers.empty());
}

TEST_F(LineEndpointTest, a_cancelled_listen_says_nothing_more) {
  channel_.on_write = [this](const std::string& line) {
    if (line.find("acknowledged") == std::string::npos) return;
    channel_.in.push(
        R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})");
    channel_.in.push(modern("2", "server/discover"));
  };
  const auto lines = converse(
      {modern("1", "subscriptions/listen", R"("notifications":{"toolsListChanged":true},)")}, 2);
  EXPECT_THAT(lines.back(), HasSubstr(R"("id":2,)"));
  EXPECT_TRUE(service_.followers.empty());
}

TEST_F(LineEndpointTest, a_legacy_client_hears_of_changes_subscriptions_and_messages) {
  channel_.on_write = [this](const std::string& line) {
    if (line.find("\"id\":3") == std::string::npos) return;
    Follower& follower = *service_.followers.at(0);
    follower.post("notifications/tools/list_changed", {});
    follower.post("notifications/resources/updated", R"({"uri":"test://a"})");
    follower.post("notifications/resources/updated", R"({"uri":"test://b"})");
    follower.post("notifications/message", R"({"level":"info","data":1})");
    follower.post("notifications/message", R"({"level":"error","data":1})");
  };
  const auto lines = converse(
      {initialize(), R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
       R"({"jsonrpc":"2.0","id":2,"method":"resources/subscribe","params":{"uri":"test://a"}})",
       R"({"jsonrpc":"2.0","id":3,"method":"logging/setLevel","params":{"level":"error"}})"},
      6);
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("list_changed")));
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr(R"("uri":"test://a")")));
  EXPECT_THAT(lines, ::testing::Not(::testing::Contains(HasSubstr(R"("uri":"test://b")"))));
  EXPECT_THAT(lines, ::testing::Not(::testing::Contains(HasSubstr(R"("level":"info")"))));
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr(R"("level":"error")")));
  EXPECT_TRUE(service_.followers.empty());
}

TEST_F(LineEndpointTest, a_client_of_2024_11_05_is_answered_in_its_revision) {
  const auto lines = converse(
      {R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{}}})"},
      1);
  EXPECT_THAT(lines[0], HasSubstr(R"("protocolVersion":"2024-11-05")"));
}

}  // namespace
}  // namespace gatehouse::mcp_server
