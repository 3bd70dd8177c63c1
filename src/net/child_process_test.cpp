#include "net/child_process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "async/run.hpp"
#include "async/task_group.hpp"
#include "async/timer.hpp"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class StderrLogger final : public Logger {
 public:
  void write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) override {
    if (event == "child_stderr") lines.emplace_back((fields.begin() + 1)->value);
    if (event == "child_stderr_suppressed") suppressed = true;
  }
  bool enabled(LogLevel) const override { return true; }
  std::vector<std::string> lines;
  bool suppressed = false;
};

using Channel = std::unique_ptr<jsonrpc::LineChannel>;

class ChildProcessTest : public ::testing::Test {
 protected:
  Channel shell(std::string script) {
    Result<Channel> channel = launcher.launch(
        {.argv = {"sh", "-c", std::move(script)}, .environment = {{"PATH", "/usr/bin:/bin"}}});
    EXPECT_TRUE(channel) << describe(channel.error());
    return channel ? std::move(*channel) : nullptr;
  }
  Error refusal(jsonrpc::ProcessSpec spec) {
    Result<Channel> channel = launcher.launch(spec);
    EXPECT_FALSE(channel);
    return channel ? Error{} : channel.error();
  }

  boost::asio::io_context context{1};
  StderrLogger logger;
  ProcessLauncher launcher{context.get_executor(), logger, 1h};
  ProcessLauncher impatient{context.get_executor(), logger, 1ms};
};

Task<std::vector<std::string>> read_all(jsonrpc::LineChannel& channel) {
  std::vector<std::string> lines;
  while (true) {
    Result<std::optional<std::string>> line = co_await channel.read_line();
    if (!line) {
      lines.push_back("error: " + std::string(to_string(line.error().code)));
      break;
    }
    if (!*line) break;
    lines.push_back(std::move(**line));
  }
  co_return lines;
}

Task<std::vector<std::string>> read_all_and_close(jsonrpc::LineChannel& channel) {
  std::vector<std::string> lines = co_await read_all(channel);
  co_await channel.close();
  co_return lines;
}

Task<std::string> one_line(jsonrpc::LineChannel& channel) {
  Result<std::optional<std::string>> line = co_await channel.read_line();
  co_return line && *line ? **line : "nothing";
}

Task<> write_lines(jsonrpc::LineChannel& channel, std::vector<std::string> lines) {
  for (const std::string& line : lines) EXPECT_TRUE(co_await channel.write_line(line));
}

Task<std::vector<std::string>> echo_script(jsonrpc::LineChannel& channel) {
  co_await write_lines(channel, {R"({"a":1})", "", "ä"});
  std::vector<std::string> lines;
  for (int i = 0; i < 3; ++i) lines.push_back(co_await one_line(channel));
  co_await channel.close();
  lines.push_back(co_await one_line(channel));
  co_return lines;
}

TEST_F(ChildProcessTest, exchanges_lines_and_ends_at_end_of_file) {
  const Channel channel = shell("exec cat");
  EXPECT_THAT(run_to_end(context, echo_script(*channel)),
              testing::ElementsAre(R"({"a":1})", "", "ä", "nothing"));
  EXPECT_EQ(channel->epitaph(), "the process exited with status 0");
}

TEST_F(ChildProcessTest, passes_nothing_but_the_given_environment) {
  ::setenv("GATEHOUSE_TEST_SECRET", "x", 1);
  Result<Channel> channel =
      launcher.launch({.argv = {"/usr/bin/env"}, .environment = {{"ONLY", "this one"}}});
  ASSERT_TRUE(channel);
  EXPECT_THAT(run_to_end(context, read_all_and_close(**channel)),
              testing::ElementsAre("ONLY=this one"));
}

TEST_F(ChildProcessTest, passes_arguments_without_a_shell_and_works_in_its_directory) {
  Result<Channel> channel = launcher.launch({.argv = {"sh", "-c", "echo \"$0\"; pwd", "$(id) *"},
                                             .environment = {{"PATH", "/bin"}},
                                             .directory = "/"});
  ASSERT_TRUE(channel);
  EXPECT_THAT(run_to_end(context, read_all_and_close(**channel)),
              testing::ElementsAre("$(id) *", "/"));
}

TEST_F(ChildProcessTest, leaks_no_descriptor_into_the_child) {
  const int ours = ::open("/dev/null", O_RDONLY);  // not close-on-exec
  Result<Channel> channel = launcher.launch({.argv = {"/bin/ls", "/proc/self/fd"}});
  ASSERT_TRUE(channel);
  EXPECT_THAT(run_to_end(context, read_all_and_close(**channel)),
              testing::ElementsAre("0", "1", "2", "3"))
      << "3 is the folder that ls reads";
  ::close(ours);
}

TEST_F(ChildProcessTest, runs_in_a_session_of_its_own_without_blocked_or_ignored_signals) {
  const Channel channel = shell(
      "grep -E 'SigBlk|SigIgn' /proc/self/status | tr -d '\\t'; "
      "[ \"$(cut -d' ' -f6 /proc/$$/stat)\" = $$ ] && echo leader");
  EXPECT_THAT(run_to_end(context, read_all_and_close(*channel)),
              testing::ElementsAre("SigBlk:0000000000000000", "SigIgn:0000000000000000", "leader"));
}

TEST_F(ChildProcessTest, names_a_program_that_is_not_there) {
  const Error error = refusal({.argv = {"no-such-program"}, .environment = {{"PATH", "/bin"}}});
  EXPECT_EQ(error.code, Errc::not_found);
  EXPECT_THAT(error.detail, HasSubstr("\"no-such-program\""));
  EXPECT_EQ(refusal({.argv = {"/no/such/program"}}).code, Errc::not_found);
}

TEST_F(ChildProcessTest, names_a_file_that_is_not_executable) {
  EXPECT_EQ(refusal({.argv = {"/etc/passwd"}}).code, Errc::policy);
  const Error error = refusal({.argv = {"passwd"}, .environment = {{"PATH", "/etc"}}});
  EXPECT_EQ(error.code, Errc::policy);
  EXPECT_THAT(error.detail, HasSubstr("/etc/passwd"));
}

TEST_F(ChildProcessTest, explains_a_script_whose_interpreter_is_missing) {
  const std::string path = testing::TempDir() + "gatehouse_script_" + std::to_string(::getpid());
  std::ofstream(path) << "#!/no/such/interpreter\n";
  ::chmod(path.c_str(), 0755);
  EXPECT_THAT(refusal({.argv = {path}}).detail, HasSubstr("interpreter"));
  std::filesystem::remove(path);
}

TEST_F(ChildProcessTest, refuses_bad_specifications) {
  EXPECT_EQ(refusal({.argv = {}}).code, Errc::invalid_argument);
  EXPECT_EQ(refusal({.argv = {"/bin/true", std::string("a\0b", 3)}}).code, Errc::invalid_argument);
  EXPECT_EQ(refusal({.argv = {"/bin/true"}, .directory = "/no/such/folder"}).code,
            Errc::invalid_argument);
}

TEST_F(ChildProcessTest, reports_how_the_child_ended_and_what_it_said) {
  const Channel channel = shell("echo 'config missing' >&2; exit 3");
  EXPECT_TRUE(run_to_end(context, read_all_and_close(*channel)).empty());
  EXPECT_EQ(channel->epitaph(),
            "the process exited with status 3; its last words on stderr: \"config missing\"");
  EXPECT_THAT(logger.lines, testing::ElementsAre("config missing"));
}

TEST_F(ChildProcessTest, delivers_what_was_written_before_the_exit_without_a_line_feed) {
  const Channel channel = shell("echo one; printf two");
  EXPECT_THAT(run_to_end(context, read_all_and_close(*channel)),
              testing::ElementsAre("one", "two"));
}

TEST_F(ChildProcessTest, survives_a_flood_on_stderr) {
  const Channel channel = shell(
      "i=0; while [ $i -lt 20000 ]; do echo \"line $i\" >&2; "
      "i=$((i+1)); done; echo done");
  EXPECT_THAT(run_to_end(context, read_all_and_close(*channel)), testing::ElementsAre("done"));
  EXPECT_THAT(channel->epitaph(), HasSubstr("line 19999"));
  EXPECT_LT(logger.lines.size(), 20000U);
  EXPECT_TRUE(logger.suppressed);
}

TEST_F(ChildProcessTest, passes_garbage_on_as_lines) {
  const Channel channel = shell("printf 'hello\\r\\n\\000\\377\\n'");
  EXPECT_THAT(run_to_end(context, read_all_and_close(*channel)),
              testing::ElementsAre("hello", std::string("\0\xff", 2)));
}

TEST_F(ChildProcessTest, refuses_a_line_beyond_the_limit) {
  const Channel channel = shell("head -c 17000000 /dev/zero | tr '\\0' x; echo");
  EXPECT_THAT(run_to_end(context, read_all_and_close(*channel)),
              testing::ElementsAre("error: too_large"));
}

Task<std::string> close_stubborn(jsonrpc::LineChannel& channel) {
  std::string ready = co_await one_line(channel);
  co_await channel.close();
  co_return ready;
}

TEST_F(ChildProcessTest, terminates_a_child_that_ignores_end_of_file) {
  Result<Channel> channel = impatient.launch(
      {.argv = {"sh", "-c", "echo ready; exec sleep 1000"}, .environment = {{"PATH", "/bin"}}});
  ASSERT_TRUE(channel);
  EXPECT_EQ(run_to_end(context, close_stubborn(**channel)), "ready");
  EXPECT_THAT((*channel)->epitaph(), StartsWith("the process was ended by signal 15"));
}

TEST_F(ChildProcessTest, kills_a_child_that_ignores_sigterm) {
  Result<Channel> channel =
      impatient.launch({.argv = {"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"},
                        .environment = {{"PATH", "/bin"}}});
  ASSERT_TRUE(channel);
  EXPECT_EQ(run_to_end(context, close_stubborn(**channel)), "ready");
  EXPECT_THAT((*channel)->epitaph(), StartsWith("the process was ended by signal 9"));
}

bool runs(const std::string& pid) {
  std::ifstream status("/proc/" + pid + "/stat");
  std::string text((std::istreambuf_iterator<char>(status)), std::istreambuf_iterator<char>());
  return !text.empty() && text.find(") Z ") == std::string::npos;
}

Task<> wait_until_gone(std::string pid) {
  while (runs(pid)) co_await sleep_for(1ms);
}

TEST_F(ChildProcessTest, leaves_no_grandchildren_when_it_exits) {
  const Channel channel = shell("sleep 1000 & echo $!");
  const std::vector<std::string> lines = run_to_end(context, read_all_and_close(*channel));
  ASSERT_EQ(lines.size(), 1U);
  run_to_end(context, wait_until_gone(lines.front()));
}

Task<std::string> read_and_drop(Channel channel) {
  co_return co_await one_line(*channel);
}

TEST_F(ChildProcessTest, kills_the_whole_group_when_the_channel_is_dropped) {
  const std::string pid =
      run_to_end(context, read_and_drop(shell("sleep 1000 & echo $!; trap '' TERM; wait")));
  run_to_end(context, wait_until_gone(pid));
}

TEST_F(ChildProcessTest, leaves_no_child_behind_when_the_event_loop_is_destroyed) {
  auto own_context = std::make_unique<boost::asio::io_context>(1);
  ProcessLauncher own(own_context->get_executor(), logger);
  Result<Channel> channel = own.launch({.argv = {"/bin/sh", "-c", "read line; sleep 1000"}});
  ASSERT_TRUE(channel);
  channel->reset();
  own_context.reset();
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "there is no child any more, not even a zombie";
}

Task<Result<void>> write_after_the_end(jsonrpc::LineChannel& channel) {
  (void)co_await read_all(channel);
  // The kernel closes the child's descriptors in no particular order, so a line may still fit.
  Result<void> result = co_await channel.write_line("late");
  while (result) result = co_await channel.write_line("later");
  co_await channel.close();
  co_return result;
}

TEST_F(ChildProcessTest, tells_a_writer_that_the_child_has_gone) {
  const Channel channel = shell("exit 0");
  const Result<void> result = run_to_end(context, write_after_the_end(*channel));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::unavailable);
}

Task<> write_one(jsonrpc::LineChannel& channel, std::string line, int& written) {
  EXPECT_TRUE(co_await channel.write_line(line));
  ++written;
}

Task<> read_three_long_lines(jsonrpc::LineChannel& channel, std::string& seen, const int& written) {
  EXPECT_LT(written, 3) << "writing waits for the reader";
  for (int i = 0; i < 3; ++i) {
    const std::string line = co_await one_line(channel);
    EXPECT_EQ(line.size(), 1'000'000U);
    EXPECT_EQ(line.find_first_not_of(line.front()), std::string::npos) << "lines are mixed";
    seen += line.front();
  }
  co_await channel.close();
}

TEST_F(ChildProcessTest, never_mixes_the_lines_of_several_writers) {
  const Channel channel = shell("exec cat");
  TaskGroup tasks(context.get_executor(), logger);
  int written = 0;
  std::string seen;
  for (const char c : {'a', 'b', 'c'})
    tasks.spawn("writer", write_one(*channel, std::string(1'000'000, c), written));
  tasks.spawn("reader", read_three_long_lines(*channel, seen, written));
  run_to_end(context, tasks.drain());
  EXPECT_EQ(seen, "abc");
  EXPECT_EQ(written, 3);
}

Task<std::string> read_with_a_timeout_first(jsonrpc::LineChannel& channel) {
  const auto first =
      co_await with_timeout<std::optional<std::string>>(1ms, channel.read_line(), "the line");
  EXPECT_FALSE(first);
  EXPECT_TRUE(co_await channel.write_line("go"));
  std::string line = co_await one_line(channel);
  co_await channel.close();
  co_return line;
}

TEST_F(ChildProcessTest, loses_nothing_when_a_read_is_cancelled) {
  const Channel channel = shell("read line; echo $line on");
  EXPECT_EQ(run_to_end(context, read_with_a_timeout_first(*channel)), "go on");
}

}  // namespace
}  // namespace gatehouse::net
