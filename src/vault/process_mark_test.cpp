#include "vault/process_mark.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gatehouse::vault {
namespace {

TEST(ProcessMark, this_process_runs) {
  ASSERT_FALSE(this_process_mark().empty());
  EXPECT_FALSE(is_gone(this_process_mark()));
}

TEST(ProcessMark, a_process_is_gone_when_it_was_killed_and_before_it_is_waited_for) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string mark = this_process_mark();
    if (::write(pipe_ends[1], mark.data(), mark.size()) < 0) ::_exit(1);
    for (;;) ::pause();
  }
  char buffer[256];
  const ssize_t size = ::read(pipe_ends[0], buffer, sizeof buffer);
  ASSERT_GT(size, 0);
  const std::string mark(buffer, static_cast<std::size_t>(size));
  EXPECT_FALSE(is_gone(mark));
  ::kill(child, SIGKILL);
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);
  EXPECT_TRUE(is_gone(mark));
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(is_gone(mark));
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

TEST(ProcessMark, a_process_id_used_again_is_another_process) {
  const std::string mark = this_process_mark();
  EXPECT_TRUE(is_gone(mark.substr(0, mark.rfind(' ')) + " 1"));
}

TEST(ProcessMark, what_says_nothing_is_not_gone) {
  EXPECT_FALSE(is_gone(""));
  EXPECT_FALSE(is_gone("pid:[1] 4194305 77"));
  EXPECT_FALSE(is_gone(this_process_mark().substr(0, this_process_mark().find(' ') + 1)));
}

}  // namespace
}  // namespace gatehouse::vault
