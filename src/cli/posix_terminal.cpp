#include "cli/posix_terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace gatehouse::cli {
namespace {

constexpr std::size_t kDefaultWidth = 80;

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads: nobody is left to be told
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Keys one by one, without echo and signals, from before the question appears: whoever answers at
// once types nothing that is shown, and a Ctrl-C is an answer.
class KeyMode final {
 public:
  KeyMode() {
    if (::tcgetattr(STDIN_FILENO, &saved_) != 0) return;
    termios keys = saved_;
    keys.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &keys) == 0;
  }
  ~KeyMode() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSANOW, &saved_);
  }
  KeyMode(const KeyMode&) = delete;
  KeyMode& operator=(const KeyMode&) = delete;

 private:
  termios saved_{};
  bool changed_ = false;
};

class PosixTerminal final : public Terminal {
 public:
  explicit PosixTerminal(Executor executor) : executor_(executor) {}

  void print(std::string_view text) override {
    finish_progress();
    write_all(STDOUT_FILENO, text);
  }

  void note(std::string_view line) override {
    finish_progress();
    write_all(STDERR_FILENO, std::string(line) + "\n");
  }

  void show_progress(std::string_view line) override {
    if (::isatty(STDERR_FILENO) == 0) return;
    finish_progress();
    write_all(STDERR_FILENO, line);
    progress_ = !line.empty();
  }

  bool can_ask() const override {
    return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0;
  }

  std::size_t output_width() const override {
    if (::isatty(STDOUT_FILENO) == 0) return 0;
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kDefaultWidth;
    return size.ws_col;
  }

  Task<Result<std::optional<std::string>>> read_line(std::string question, Echo echo) override {
    if (!input_) input_ = net::TerminalInput::open(executor_);
    const KeyMode key_mode;
    show_progress(question);
    net::TerminalEvent event = co_await input_->read(echo);
    progress_ = false;  // the answered question stays where it is
    const bool shown_end = event.kind == net::TerminalEvent::Kind::line && echo == Echo::shown;
    const bool ended_line = shown_end || !input_->is_terminal();
    if (!ended_line) write_all(STDERR_FILENO, "\n");
    switch (event.kind) {
      case net::TerminalEvent::Kind::line:
        co_return std::optional<std::string>(std::move(event.text));
      case net::TerminalEvent::Kind::end:
        co_return std::optional<std::string>();
      case net::TerminalEvent::Kind::escape:
      case net::TerminalEvent::Kind::interrupt:
        break;
    }
    co_return fail(Errc::cancelled, "cancelled");
  }

  // Blocks: a command that reads its arguments has nothing else to do.
  Task<Result<std::string>> read_all(std::size_t max_bytes) override {
    std::string all;
    std::array<char, 16 * 1024> bytes;
    while (true) {
      const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) co_return all;
      all.append(bytes.data(), static_cast<std::size_t>(got));
      if (all.size() > max_bytes) {
        co_return fail(Errc::too_large,
                       fmt::format("standard input is longer than {} bytes", max_bytes));
      }
    }
  }

 private:
  void finish_progress() {
    if (progress_) write_all(STDERR_FILENO, "\r\x1B[K");
    progress_ = false;
  }

  Executor executor_;
  std::unique_ptr<net::TerminalInput> input_;  // opened at the first question
  bool progress_ = false;  // the cursor stands behind a text that the next one replaces
};

}  // namespace

std::unique_ptr<Terminal> make_posix_terminal(Executor executor) {
  return std::make_unique<PosixTerminal>(executor);
}

}  // namespace gatehouse::cli
