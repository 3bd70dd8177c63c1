#include "net/child_process.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "async/condition.hpp"
#include "async/timer.hpp"
#include "net/line_pipe.hpp"
#include "net/spawn.hpp"
#include "net/stderr_tail.hpp"

namespace gatehouse::net {
namespace {

constexpr std::size_t kEpitaphBytes = 600;
constexpr int kLastReads = 128;

/// The process and what is known about it. Handlers of its descriptors keep it alive until it has
/// been reaped.
class Child final : public std::enable_shared_from_this<Child> {
 public:
  Child(Executor executor, Logger& logger, std::string name, const Spawned& spawned)
      : logger_(logger),
        name_(std::move(name)),
        pid_(spawned.pid),
        exit_(executor, spawned.exit_fd),
        stderr_(executor, spawned.stderr_fd),
        pipe_(std::make_shared<LinePipe>(executor, spawned.stdout_fd, spawned.stdin_fd,
                                         limits::kStdioLineBytes)),
        changed_(executor) {}

  /// Here only when the event loop is gone: the process must not outlive it.
  ~Child() {
    if (exited_) return;
    ::kill(-pid_, SIGKILL);
    reap();
  }

  void watch() {
    exit_.async_wait(Descriptor::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       if (!error) self->on_exit();
                     });
    read_stderr();
  }

  LinePipe& pipe() { return *pipe_; }
  bool exited() const { return exited_; }

  void signal_group(int signal) {
    if (!exited_) ::kill(-pid_, signal);
  }

  static Task<Result<void>> wait_exit(std::shared_ptr<Child> child) {
    while (!child->exited_) co_await child->changed_.wait();
    co_return Result<void>{};
  }

  std::string epitaph() const {
    std::string text;
    if (exited_ && WIFEXITED(status_)) {
      text = fmt::format("the process exited with status {}", WEXITSTATUS(status_));
    } else if (exited_ && WIFSIGNALED(status_)) {
      text = fmt::format("the process was ended by signal {} ({})", WTERMSIG(status_),
                         ::strsignal(WTERMSIG(status_)));
    }
    std::string said(tail_.last(kEpitaphBytes));
    if (said.empty()) return text;
    std::ranges::replace(said, '\n', '|');  // readable on one line
    if (!text.empty()) text += "; ";
    return text + "its last words on stderr: " + quote_remote(said, 4 * kEpitaphBytes);
  }

 private:
  void on_exit() {
    // While the leader is not reaped its number cannot belong to anyone else, so what is left of
    // its group can be ended safely.
    ::kill(-pid_, SIGKILL);
    reap();
    logger_.debug("child_exited", {{"connection", name_}, {"status", std::to_string(status_)}});
    boost::system::error_code ignored;
    exit_.close(ignored);
    pipe_->no_more_writers();
    stderr_.cancel(ignored);
    changed_.notify_all();
  }

  void reap() {
    while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    exited_ = true;
  }

  void read_stderr() {
    stderr_.async_wait(
        Descriptor::wait_read,
        [self = shared_from_this()](boost::system::error_code error) { self->on_stderr(error); });
  }

  void on_stderr(boost::system::error_code error) {
    // After the exit once more until nothing is left: what was said last is what matters. Bounded,
    // for a grandchild in a session of its own may go on talking.
    bool more = !error || exited_;
    for (int rounds = exited_ ? kLastReads : 1; more && rounds > 0; --rounds) more = read_some();
    if (more && !exited_) return read_stderr();
    boost::system::error_code ignored;
    stderr_.close(ignored);
  }

  /// False at the end, or when there is nothing more after the exit.
  bool read_some() {
    std::array<char, 16384> bytes;
    const ssize_t size = ::read(stderr_.native_handle(), bytes.data(), bytes.size());
    if (size > 0) log_lines({bytes.data(), static_cast<std::size_t>(size)});
    return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR) && !exited_);
  }

  void log_lines(std::string_view bytes) {
    const auto lines = tail_.feed(bytes, std::chrono::steady_clock::now());
    for (const std::string& line : lines)
      logger_.debug("child_stderr", {{"connection", name_}, {"line", line}});
    if (const std::size_t suppressed = tail_.take_suppressed(); suppressed > 0) {
      logger_.debug("child_stderr_suppressed",
                    {{"connection", name_}, {"lines", std::to_string(suppressed)}});
    }
  }

  Logger& logger_;
  std::string name_;
  pid_t pid_;
  Descriptor exit_;
  Descriptor stderr_;
  std::shared_ptr<LinePipe> pipe_;
  StderrTail tail_{limits::kStderrBytes};
  Condition changed_;
  bool exited_ = false;
  int status_ = 0;
};

class ChildChannel final : public jsonrpc::LineChannel {
 public:
  ChildChannel(std::shared_ptr<Child> child, std::chrono::milliseconds grace)
      : child_(std::move(child)), grace_(grace) {}

  ~ChildChannel() override {
    child_->signal_group(SIGKILL);
    child_->pipe().close();
  }

  Task<Result<void>> write_line(std::string_view line) override {
    return child_->pipe().write_line(line);
  }

  Task<Result<std::optional<std::string>>> read_line() override {
    return child_->pipe().read_line();
  }

  Task<> close() override {
    const std::shared_ptr<Child> child = child_;
    child->pipe().close_read();
    child->pipe().discard_input();
    child->pipe().close_write();
    for (const int signal : {SIGTERM, SIGKILL}) {
      const Result<void> ended =
          co_await with_timeout<void>(grace_, Child::wait_exit(child), "the exit");
      if (ended) break;
      child->signal_group(signal);
    }
    (void)co_await Child::wait_exit(child);
    child->pipe().close();
  }

  std::string epitaph() const override { return child_->epitaph(); }

 private:
  std::shared_ptr<Child> child_;
  std::chrono::milliseconds grace_;
};

}  // namespace

Result<std::unique_ptr<jsonrpc::LineChannel>> ProcessLauncher::launch(
    const jsonrpc::ProcessSpec& spec) {
  const Result<Spawned> spawned = spawn(spec);
  if (!spawned) return std::unexpected(spawned.error());
  const auto child = std::make_shared<Child>(executor_, logger_, spec.name, *spawned);
  child->watch();
  return std::make_unique<ChildChannel>(child, close_grace_);
}

}  // namespace gatehouse::net
