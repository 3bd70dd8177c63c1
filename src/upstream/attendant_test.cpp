#include "upstream/attendant.hpp"

#include <gtest/gtest.h>

#include "async/run.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::upstream {
namespace {

using namespace std::chrono_literals;

class Lines final : public Logger {
 public:
  struct Line {
    LogLevel level;
    std::string event;
    std::string said;
  };
  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override {
    Line line{level, std::string(event), {}};
    for (const LogField& field : fields) {
      if (field.name == "said") line.said = field.value;
    }
    lines.push_back(line);
  }
  bool enabled(LogLevel) const override { return true; }
  std::vector<Line> lines;
};

vault::Connection connection_with(std::vector<std::string> roots, std::string level) {
  vault::Connection connection;
  connection.name = "files";
  connection.options.roots = std::move(roots);
  connection.options.log_level = std::move(level);
  return connection;
}

TEST(Attendant, roots_are_file_uris_with_their_last_part_as_name) {
  EXPECT_EQ(
      make_roots_result({"/home/me/a b", "/"}),
      R"({"roots":[{"uri":"file:///home/me/a%20b","name":"a b"},{"uri":"file:///","name":"/"}]})");
}

TEST(Attendant, the_capability_is_added_to_what_is_declared_already) {
  EXPECT_EQ(with_roots({}).raw, R"({"roots":{}})");
  mcp::ClientCapabilities form;
  form.raw = R"({"elicitation":{}})";
  EXPECT_EQ(with_roots(form).raw, R"({"roots":{},"elicitation":{}})");
  EXPECT_EQ(with_roots(with_roots(form)).raw, with_roots(form).raw);
  EXPECT_TRUE(with_roots(form).roots);
}

TEST(Attendant, answers_roots_and_nothing_else_where_nobody_else_is) {
  boost::asio::io_context context;
  Lines log;
  const ManualClock clock;
  Attendant attendant(connection_with({"/srv"}, ""), log, clock);
  EXPECT_TRUE(attendant.capabilities().roots);
  EXPECT_EQ(*run_to_end(context, attendant.answer("roots/list", "{}")),
            make_roots_result({"/srv"}));
  EXPECT_FALSE(run_to_end(context, attendant.answer("elicitation/create", "{}")));
  Attendant without(connection_with({}, "info"), log, clock);
  EXPECT_FALSE(without.capabilities().roots);
  EXPECT_FALSE(run_to_end(context, without.answer("roots/list", "{}")));
}

TEST(Attendant, messages_of_the_server_are_logged_quoted_bounded_and_by_severity) {
  Lines log;
  ManualClock clock;
  Attendant attendant(connection_with({}, "debug"), log, clock);
  attendant.on_notification("notifications/message", R"({"level":"critical","data":"line\none"})");
  attendant.on_notification("notifications/message", "{\"level\":\"notice\",\"data\":\"" +
                                                         std::string(100'000, 'x') + "\"}");
  attendant.on_notification("notifications/progress", "{}");
  ASSERT_EQ(log.lines.size(), 2U);
  EXPECT_EQ(log.lines[0].level, LogLevel::error);
  EXPECT_EQ(log.lines[0].said.find('\n'), std::string::npos);
  EXPECT_EQ(log.lines[1].level, LogLevel::info);
  EXPECT_LT(log.lines[1].said.size(), 2 * limits::kServerLogBytes);
}

TEST(Attendant, a_server_that_talks_too_much_is_cut_off_until_the_next_minute) {
  Lines log;
  ManualClock clock;
  Attendant attendant(connection_with({}, "debug"), log, clock);
  const auto talk = [&] {
    attendant.on_notification("notifications/message", R"({"level":"info","data":"x"})");
  };
  for (int i = 0; i < 10 * limits::kServerLogLines; ++i) talk();
  EXPECT_EQ(log.lines.size(), static_cast<std::size_t>(limits::kServerLogLines) + 1);
  EXPECT_EQ(log.lines.back().event, "server_logs_too_much");
  clock.advance(61s);
  talk();
  EXPECT_EQ(log.lines.back().event, "server_message");
}

TEST(Attendant, the_modern_way_to_ask_for_messages_is_a_member_of_meta) {
  Lines log;
  const ManualClock clock;
  const Attendant attendant(connection_with({}, "info"), log, clock);
  EXPECT_EQ(attendant.log_meta(), R"("io.modelcontextprotocol/logLevel":"info")");
}

}  // namespace
}  // namespace gatehouse::upstream
