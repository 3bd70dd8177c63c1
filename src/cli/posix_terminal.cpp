#include "cli/posix_terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "terminal/live_area.hpp"

namespace gatehouse::cli {
namespace {

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

terminal::Size window_of(int descriptor) {
  winsize size{};
  terminal::Size window;
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0) return window;
  if (size.ws_col != 0) window.columns = size.ws_col;
  if (size.ws_row != 0) window.rows = size.ws_row;
  return window;
}

// A pasted address comes between marks, so that it is never taken for keys.
class PosixKeyboard final : public Keyboard {
 public:
  explicit PosixKeyboard(net::TerminalInput& input) : input_(input) {
    write_all(STDERR_FILENO, "\x1B[?2004h");
  }
  ~PosixKeyboard() override { write_all(STDERR_FILENO, "\x1B[?2004l"); }
  Task<net::TerminalEvent> next(std::string keys) override {
    co_return co_await input_.read_key(std::move(keys));
  }

 private:
  net::TerminalInput& input_;
  KeyMode mode_;
};

class PosixTerminal final : public Terminal {
 public:
  PosixTerminal(Executor executor, terminal::Look look)
      : executor_(executor), look_(look), area_(look) {}

  void print(std::string_view text) override {
    make_room();
    write_all(STDOUT_FILENO, text);
    draw_area();
  }

  void note(std::string_view line) override {
    make_room();
    write_all(STDERR_FILENO, std::string(line) + "\n");
    draw_area();
  }

  void say(const terminal::Line& line) override { note(terminal::to_ansi(line, look_)); }

  const terminal::Look& look() const override { return look_; }
  terminal::Size size() const override { return window_of(STDERR_FILENO); }

  void show_area(const std::vector<terminal::Line>& lines) override {
    if (!look_.live) return;
    finish_progress();
    lines_ = lines;
    if (lines_.empty()) write_all(STDERR_FILENO, area_.erase(size().columns));
    draw_area();
  }

  std::unique_ptr<Keyboard> open_keyboard() override {
    if (!input_) input_ = net::TerminalInput::open(executor_);
    return std::make_unique<PosixKeyboard>(*input_);
  }

  void show_progress(std::string_view line) override {
    if (look_.live) show_question(line);
  }

  bool can_ask() const override {
    return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0;
  }

  std::size_t output_width() const override {
    return ::isatty(STDOUT_FILENO) == 0 ? 0 : window_of(STDOUT_FILENO).columns;
  }

  Task<Result<std::optional<std::string>>> read_line(std::string question, Echo echo) override {
    if (!input_) input_ = net::TerminalInput::open(executor_);
    const KeyMode key_mode;
    if (::isatty(STDERR_FILENO) != 0) show_question(question);
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
      case net::TerminalEvent::Kind::key:
      case net::TerminalEvent::Kind::edited:
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
  void make_room() {
    finish_progress();
    if (!area_.empty()) write_all(STDERR_FILENO, area_.erase(size().columns));
  }
  void draw_area() {
    if (!lines_.empty()) write_all(STDERR_FILENO, area_.draw(lines_, size().columns));
  }
  void show_question(std::string_view line) {
    show_area({});
    finish_progress();
    write_all(STDERR_FILENO, line);
    progress_ = !line.empty();
  }
  void finish_progress() {
    if (progress_) write_all(STDERR_FILENO, look_.live ? "\r\x1B[K" : "\n");
    progress_ = false;
  }

  Executor executor_;
  std::unique_ptr<net::TerminalInput> input_;  // opened at the first question
  terminal::Look look_;
  terminal::LiveArea area_;
  std::vector<terminal::Line> lines_;  // of the area
  bool progress_ = false;              // the cursor stands behind a text that the next one replaces
};

}  // namespace

std::unique_ptr<Terminal> make_posix_terminal(Executor executor, terminal::Look look) {
  return std::make_unique<PosixTerminal>(executor, look);
}

}  // namespace gatehouse::cli
