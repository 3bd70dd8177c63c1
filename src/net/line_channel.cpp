#include "net/line_channel.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/limits.hpp"
#include "net/line_pipe.hpp"
#include "net/private_descriptor.hpp"

namespace gatehouse::net {
namespace {

class PipeChannel final : public jsonrpc::LineChannel {
 public:
  explicit PipeChannel(std::shared_ptr<LinePipe> pipe) : pipe_(std::move(pipe)) {}
  ~PipeChannel() override { pipe_->close(); }

  Task<Result<void>> write_line(std::string_view line) override { return pipe_->write_line(line); }
  Task<Result<std::optional<std::string>>> read_line() override { return pipe_->read_line(); }
  Task<> close() override {
    pipe_->close_read();
    pipe_->close_write();
    co_return;
  }

 private:
  std::shared_ptr<LinePipe> pipe_;
};

class StdioChannel final : public jsonrpc::LineChannel {
 public:
  StdioChannel(Executor executor, int read_fd, int write_fd)
      : stdin_flags_(STDIN_FILENO),
        stdout_flags_(STDOUT_FILENO),
        channel_(make_line_channel(executor, read_fd, write_fd)) {}

  Task<Result<void>> write_line(std::string_view line) override {
    return channel_->write_line(line);
  }
  Task<Result<std::optional<std::string>>> read_line() override { return channel_->read_line(); }
  Task<> close() override { return channel_->close(); }

 private:
  FlagsRestorer stdin_flags_;
  FlagsRestorer stdout_flags_;
  std::unique_ptr<jsonrpc::LineChannel> channel_;
};

int open_or_null(int fd, int mode) {
  const int opened = open_private(fd);
  return opened >= 0 ? opened : ::open("/dev/null", mode | O_CLOEXEC);
}

}  // namespace

std::unique_ptr<jsonrpc::LineChannel> make_line_channel(Executor executor, int read_fd,
                                                        int write_fd) {
  return std::make_unique<PipeChannel>(
      std::make_shared<LinePipe>(executor, read_fd, write_fd, limits::kStdioLineBytes));
}

std::unique_ptr<jsonrpc::LineChannel> open_stdio_channel(Executor executor) {
  const int in = open_or_null(STDIN_FILENO, O_RDONLY);
  const int out = open_or_null(STDOUT_FILENO, O_WRONLY);
  return std::make_unique<StdioChannel>(executor, in, out);
}

}  // namespace gatehouse::net
