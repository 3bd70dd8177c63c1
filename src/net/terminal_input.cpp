#include "net/terminal_input.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>

#include "async/timer.hpp"
#include "async/use_task.hpp"
#include "net/line_editor.hpp"
#include "net/private_descriptor.hpp"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;
using TerminalDescriptor = boost::asio::posix::basic_stream_descriptor<Executor>;

constexpr auto kEscapeWait = 50ms;  ///< an arrow key's bytes arrive together, Esc comes alone

/// Raw input while it lives: no echo, no editing and no signals by the terminal itself.
class RawMode final {
 public:
  explicit RawMode(int fd) : fd_(fd), changed_(::tcgetattr(fd, &before_) == 0) {
    if (!changed_) return;
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL | IXON);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    ::tcsetattr(fd_, TCSANOW, &raw);
  }
  ~RawMode() {
    if (changed_) ::tcsetattr(fd_, TCSANOW, &before_);
  }
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;

 private:
  int fd_;
  termios before_{};
  bool changed_;
};

class TerminalInputImpl final : public TerminalInput {
 public:
  TerminalInputImpl(Executor executor, int fd, int shared_fd)
      : flags_(shared_fd),
        is_terminal_(::isatty(fd) == 1),
        descriptor_(executor, fd),
        editor_(kLineBytes) {
    descriptor_.native_non_blocking(true);
  }

  bool is_terminal() const override { return is_terminal_; }

  Task<TerminalEvent> read(Echo echo) override {
    if (!is_terminal_) co_return co_await read_plain();
    editor_.watch_keys({});
    co_return co_await read_terminal(echo, Edits::silent);
  }

  Task<TerminalEvent> read_key(std::string keys) override {
    editor_.watch_keys(std::move(keys));
    co_return co_await read_terminal(Echo::hidden, Edits::told);
  }

 private:
  enum class Edits { silent, told };

  Task<TerminalEvent> read_terminal(Echo echo, Edits edits) {
    const RawMode raw(descriptor_.native_handle());
    while (true) {
      std::string_view bytes = pending_;
      std::string shown;
      std::optional<TerminalEvent> event = editor_.feed(bytes, shown);
      pending_.erase(0, pending_.size() - bytes.size());
      if (echo == Echo::shown) show(shown);
      if (event) co_return std::move(*event);
      if (edits == Edits::told && !shown.empty())
        co_return TerminalEvent{TerminalEvent::Kind::edited, editor_.line()};
      if (editor_.escape_pending()) {
        const Result<bool> more = co_await with_timeout<bool>(kEscapeWait, read_more(), "Esc");
        if (!more) co_return editor_.resolve_escape();
        if (!*more) co_return TerminalEvent{};
      } else if (const Result<bool> more = co_await read_more(); !more || !*more) {
        co_return TerminalEvent{};
      }
    }
  }

  Task<TerminalEvent> read_plain() {
    while (true) {
      const std::size_t end = pending_.find('\n');
      if (end != std::string::npos || pending_.size() > kLineBytes) {
        std::string line = pending_.substr(0, std::min(end, kLineBytes));
        pending_.erase(0, end == std::string::npos ? end : end + 1);
        if (line.ends_with('\r')) line.pop_back();
        co_return TerminalEvent{TerminalEvent::Kind::line, std::move(line)};
      }
      const Result<bool> more = co_await read_more();
      if (more && *more) continue;
      if (pending_.empty()) co_return TerminalEvent{};
      co_return TerminalEvent{TerminalEvent::Kind::line, std::exchange(pending_, {})};
    }
  }

  /// False at the end of file.
  Task<Result<bool>> read_more() {
    std::array<char, 4096> bytes;
    boost::system::error_code error;
    const std::size_t size = co_await descriptor_.async_read_some(
        boost::asio::buffer(bytes), boost::asio::redirect_error(use_task, error));
    if (error == boost::asio::error::operation_aborted) throw boost::system::system_error(error);
    pending_.append(bytes.data(), size);
    co_return !error;
  }

  void show(std::string_view text) {
    // A terminal that takes nothing costs the echo, not the input.
    [[maybe_unused]] const ssize_t ignored =
        ::write(descriptor_.native_handle(), text.data(), text.size());
  }

  FlagsRestorer flags_;
  bool is_terminal_;
  TerminalDescriptor descriptor_;
  LineEditor editor_;
  std::string pending_;
};

/// A terminal is also written to, for the echo, even when stdin was opened for reading only.
int open_stdin() {
  if (::isatty(STDIN_FILENO) == 1) {
    const int terminal = ::open("/proc/self/fd/0", O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (terminal >= 0) return terminal;
  }
  const int fd = open_private(STDIN_FILENO);
  return fd >= 0 ? fd : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace

std::unique_ptr<TerminalInput> TerminalInput::open(Executor executor) {
  return std::make_unique<TerminalInputImpl>(executor, open_stdin(), STDIN_FILENO);
}

std::unique_ptr<TerminalInput> TerminalInput::open(Executor executor, int fd) {
  return std::make_unique<TerminalInputImpl>(executor, fd, -1);  // nobody shares it
}

}  // namespace gatehouse::net
