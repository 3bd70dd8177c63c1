#include "net/line_channel.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "async/run.hpp"
#include "async/task_group.hpp"
#include "net/private_descriptor.hpp"
#include "net/signals.hpp"
#include "net/unix_socket.hpp"

namespace gatehouse::net {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Channel = std::unique_ptr<jsonrpc::LineChannel>;

/// A folder of its own, 0700.
class Folder final {
 public:
  Folder() {
    std::string pattern = testing::TempDir() + "gatehouse_XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

Task<std::string> one_line(jsonrpc::LineChannel& channel) {
  Result<std::optional<std::string>> line = co_await channel.read_line();
  co_return line && *line ? **line : "nothing";
}

class LineChannelTest : public ::testing::Test {
 protected:
  boost::asio::io_context context{1};
  NullLogger logger;
  TaskGroup tasks{context.get_executor(), logger};
  Folder folder;
};

TEST_F(LineChannelTest, reads_a_regular_file_from_where_its_offset_is) {
  std::ofstream(folder / "in") << "skipped\nfirst\nsecond";
  const int file = ::open((folder / "in").c_str(), O_RDONLY);
  ::lseek(file, 8, SEEK_SET);
  const int out = ::open((folder / "out").c_str(), O_WRONLY | O_CREAT, 0600);
  const Channel channel = make_line_channel(context.get_executor(), open_private(file), out);
  EXPECT_EQ(run_to_end(context, one_line(*channel)), "first");
  EXPECT_EQ(run_to_end(context, one_line(*channel)), "second");
  EXPECT_EQ(run_to_end(context, one_line(*channel)), "nothing");
  EXPECT_TRUE(run_to_end(context, channel->write_line("written")));
  std::string written;
  std::getline(std::ifstream(folder / "out"), written);
  EXPECT_EQ(written, "written");
  ::close(file);
}

TEST_F(LineChannelTest, does_not_make_the_pipes_of_others_non_blocking) {
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  const int read_end = open_private(fds[0]);
  const int write_end = open_private(fds[1]);
  const Channel channel = make_line_channel(context.get_executor(), read_end, write_end);
  EXPECT_TRUE(run_to_end(context, channel->write_line("through")));
  EXPECT_EQ(run_to_end(context, one_line(*channel)), "through");
  EXPECT_EQ(::fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(::fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
  ::close(fds[0]);
  ::close(fds[1]);
}

Task<> end_after(jsonrpc::LineChannel& channel) {
  co_await channel.close();
}

TEST_F(LineChannelTest, ends_a_pending_read_at_close) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  const Channel channel = make_line_channel(context.get_executor(), fds[0], fds[1]);
  std::string line = "pending";
  tasks.spawn("close", end_after(*channel));
  EXPECT_EQ(run_to_end(context, one_line(*channel)), "nothing");
}

// Unix sockets

class UnixSocketTest : public LineChannelTest {
 protected:
  std::unique_ptr<UnixListener> listen(const std::string& path) {
    auto listener = UnixListener::open(context.get_executor(), logger, path);
    EXPECT_TRUE(listener) << describe(listener.error());
    return listener ? std::move(*listener) : nullptr;
  }
};

Task<> serve_one(UnixListener& listener) {
  Result<Channel> channel = co_await listener.accept();
  if (!channel) co_return;
  const std::string line = co_await one_line(**channel);
  EXPECT_TRUE(co_await (*channel)->write_line("echo " + line));
}

Task<std::vector<std::string>> ask(Executor executor, std::string path) {
  Result<Channel> channel = connect_unix(executor, path);
  if (!channel) co_return std::vector<std::string>{describe(channel.error())};
  EXPECT_TRUE(co_await (*channel)->write_line("hello"));
  std::vector<std::string> lines;
  lines.push_back(co_await one_line(**channel));
  lines.push_back(co_await one_line(**channel));
  co_return lines;
}

TEST_F(UnixSocketTest, carries_lines_both_ways) {
  const auto listener = listen(folder / "new/socket");
  ASSERT_TRUE(listener);
  tasks.spawn("serve", serve_one(*listener));
  EXPECT_THAT(run_to_end(context, ask(context.get_executor(), folder / "new/socket")),
              testing::ElementsAre("echo hello", "nothing"));
}

TEST_F(UnixSocketTest, is_reachable_by_its_owner_only) {
  const auto listener = listen(folder / "new/socket");
  struct stat status{};
  ASSERT_EQ(::stat((folder / "new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  ASSERT_EQ(::stat((folder / "new/socket").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(UnixSocketTest, refuses_a_folder_that_others_may_enter) {
  fs::create_directory(folder / "open");
  fs::permissions(folder / "open", fs::perms(0755));
  const auto listener = UnixListener::open(context.get_executor(), logger, folder / "open/socket");
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, Errc::policy);
}

TEST_F(UnixSocketTest, refuses_a_second_listener_and_keeps_the_first) {
  const auto first = listen(folder / "socket");
  const auto second = UnixListener::open(context.get_executor(), logger, folder / "socket");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::conflict);
  tasks.spawn("serve", serve_one(*first));
  EXPECT_EQ(run_to_end(context, ask(context.get_executor(), folder / "socket")).front(),
            "echo hello");
}

void leave_a_dead_socket(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(fd);
}

TEST_F(UnixSocketTest, replaces_the_socket_of_a_dead_process) {
  leave_a_dead_socket(folder / "socket");
  const Result<Channel> nobody = connect_unix(context.get_executor(), folder / "socket");
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, Errc::not_found);
  const auto listener = listen(folder / "socket");
  tasks.spawn("serve", serve_one(*listener));
  EXPECT_EQ(run_to_end(context, ask(context.get_executor(), folder / "socket")).front(),
            "echo hello");
}

TEST_F(UnixSocketTest, says_when_nobody_listens) {
  for (const char* path : {"socket", "no/folder/socket"}) {
    const Result<Channel> channel = connect_unix(context.get_executor(), folder / path);
    ASSERT_FALSE(channel);
    EXPECT_EQ(channel.error().code, Errc::not_found);
  }
}

TEST_F(UnixSocketTest, removes_its_socket_at_the_end) {
  listen(folder / "socket").reset();
  EXPECT_FALSE(fs::exists(folder / "socket"));
  EXPECT_TRUE(listen(folder / "socket"));
}

TEST_F(UnixSocketTest, may_have_a_long_path) {
  const std::string deep = folder / std::string(150, 'd');
  const auto listener = listen(deep + "/socket");
  ASSERT_TRUE(listener);
  tasks.spawn("serve", serve_one(*listener));
  EXPECT_EQ(run_to_end(context, ask(context.get_executor(), deep + "/socket")).front(),
            "echo hello");
}

Task<> close_listener(UnixListener& listener) {
  listener.close();
  co_return;
}

Task<Errc> accept_error(UnixListener& listener) {
  const Result<Channel> channel = co_await listener.accept();
  co_return channel ? Errc::bug : channel.error().code;
}

TEST_F(UnixSocketTest, ends_a_pending_accept_at_close) {
  const auto listener = listen(folder / "socket");
  tasks.spawn("close", close_listener(*listener));
  EXPECT_EQ(run_to_end(context, accept_error(*listener)), Errc::unavailable);
}

// Signals

Task<> note_signal(int& got) {
  got = co_await wait_for_termination();
}

/// Runs after the task before it in the queue has begun to wait.
Task<> raise_signal(int signal) {
  ::raise(signal);
  co_return;
}

TEST(Signals, are_awaited_as_numbers) {
  for (const int signal : {SIGTERM, SIGINT}) {
    boost::asio::io_context context(1);
    NullLogger logger;
    TaskGroup tasks(context.get_executor(), logger);
    int got = 0;
    tasks.spawn("wait", note_signal(got));
    tasks.spawn("raise", raise_signal(signal));
    run_to_end(context, tasks.drain());
    EXPECT_EQ(got, signal);
  }
}

TEST(Signals, leave_writes_to_closed_pipes_alive) {
  ignore_sigpipe();
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  ::close(fds[0]);
  EXPECT_EQ(::write(fds[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  ::close(fds[1]);
}

}  // namespace
}  // namespace gatehouse::net
