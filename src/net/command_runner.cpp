#include "net/command_runner.hpp"

#include <sys/wait.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cerrno>
#include <csignal>
#include <memory>

#include "async/use_task.hpp"
#include "net/owned_fd.hpp"
#include "net/spawn.hpp"

namespace gatehouse::net {
namespace {

using Descriptor = boost::asio::posix::basic_stream_descriptor<Executor>;
constexpr std::size_t kLastWords = 300;
constexpr int kLastReads = 128;

/// Kills and reaps the program with its group, however run() ends.
class Process final {
 public:
  explicit Process(pid_t pid) : pid_(pid) {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() { (void)end(); }

  /// The status as waitpid tells it. While it is not reaped its number is still its own.
  int end() {
    if (pid_ < 0) return status_;
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status_;
  }

 private:
  pid_t pid_;
  int status_ = 0;
};

/// What comes out of one pipe, taken as it comes, so that a program never waits for us. Its handler
/// keeps it alive.
class Collector final : public std::enable_shared_from_this<Collector> {
 public:
  enum class Keep { beginning, end };
  Collector(Executor executor, int fd, std::size_t most, Keep keep)
      : from_(executor, fd), most_(most), keep_(keep) {
    from_.native_non_blocking(true);
  }

  void collect() {
    from_.async_wait(Descriptor::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       if (!error && self->take()) self->collect();
                     });
  }
  /// Everything that is there now; then nothing more.
  void finish() {
    // Bounded, for a grandchild in a session of its own may print on.
    for (int reads = 0; reads < kLastReads && take() && !blocked_; ++reads) {
    }
    boost::system::error_code ignored;
    from_.close(ignored);
  }
  bool full() const { return full_; }
  std::string text;

 private:
  /// False at the end.
  bool take() {
    std::array<char, 4096> bytes;
    const ssize_t size = ::read(from_.native_handle(), bytes.data(), bytes.size());
    blocked_ = size < 0 && (errno == EAGAIN || errno == EINTR);
    if (size <= 0) return blocked_;
    const std::string_view read(bytes.data(), static_cast<std::size_t>(size));
    if (keep_ == Keep::end) {
      text += read;
      if (text.size() > most_) text.erase(0, text.size() - most_);
    } else {
      full_ = full_ || text.size() + read.size() > most_;
      if (!full_) text += read;  // what is too long is read on to its end and dropped
    }
    return true;
  }

  Descriptor from_;
  std::size_t most_;
  Keep keep_;
  bool full_ = false;
  bool blocked_ = false;
};

/// Ends the collecting also when the task is cancelled.
class Collecting final {
 public:
  explicit Collecting(std::shared_ptr<Collector> collector) : collector_(std::move(collector)) {
    collector_->collect();
  }
  Collecting(const Collecting&) = delete;
  Collecting& operator=(const Collecting&) = delete;
  ~Collecting() { collector_->finish(); }
  Collector* operator->() const { return collector_.get(); }

 private:
  std::shared_ptr<Collector> collector_;
};

int status_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Task<Result<jsonrpc::CommandOutput>> ProcessRunner::run(jsonrpc::ProcessSpec process,
                                                        std::size_t most_bytes) {
  const Result<Spawned> spawned = spawn(process);
  if (!spawned) co_return std::unexpected(spawned.error());
  const Collecting out(std::make_shared<Collector>(executor_, spawned->stdout_fd, most_bytes,
                                                   Collector::Keep::beginning));
  const Collecting errors(
      std::make_shared<Collector>(executor_, spawned->stderr_fd, kLastWords, Collector::Keep::end));
  Process running(spawned->pid);
  OwnedFd(spawned->stdin_fd).reset();
  Descriptor exit(executor_, spawned->exit_fd);
  co_await exit.async_wait(Descriptor::wait_read, use_task);
  jsonrpc::CommandOutput output;
  output.status = status_of(running.end());
  out->finish();
  errors->finish();
  if (out->full())
    co_return fail(Errc::too_large, "it prints more than " + std::to_string(most_bytes) + " bytes");
  output.text = std::move(out->text);
  output.last_words = std::move(errors->text);
  co_return output;
}

}  // namespace gatehouse::net
