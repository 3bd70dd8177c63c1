#include "net/terminal_input.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <thread>

#include "async/run.hpp"
#include "async/timer.hpp"
#include "net/line_editor.hpp"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;
using Kind = TerminalEvent::Kind;

struct Typed {
  std::optional<TerminalEvent> event;
  std::string echo;
  std::string left;
};

Typed type(LineEditor& editor, std::string_view bytes) {
  Typed typed;
  typed.event = editor.feed(bytes, typed.echo);
  typed.left = bytes;
  return typed;
}

TEST(LineEditor, ends_a_line_and_leaves_what_follows) {
  LineEditor editor(100);
  const Typed typed = type(editor, "first\rsecond");
  ASSERT_TRUE(typed.event);
  EXPECT_EQ(typed.event->text, "first");
  EXPECT_EQ(typed.echo, "first\n");
  EXPECT_EQ(typed.left, "second");
}

TEST(LineEditor, erases_characters_words_and_lines) {
  LineEditor editor(100);
  EXPECT_EQ(type(editor,
                 "aä\x7f\x7f"
                 "b\r")
                .event->text,
            "b");
  EXPECT_EQ(type(editor, "one two\x17three\r").event->text, "one three");
  EXPECT_EQ(type(editor, "gone\x15kept\r").event->text, "kept");
}

TEST(LineEditor, tells_escape_from_arrow_keys) {
  LineEditor editor(100);
  EXPECT_EQ(type(editor, "a\x1b[A\x1b[1;5C\x1bOPb\r").event->text, "ab");
  EXPECT_FALSE(type(editor, "\x1b").event);
  EXPECT_TRUE(editor.escape_pending());
  EXPECT_EQ(editor.resolve_escape().kind, Kind::escape);
  EXPECT_EQ(type(editor, "\x1b\x1b").event->kind, Kind::escape);
}

TEST(LineEditor, reports_interrupt_and_end) {
  LineEditor editor(100);
  EXPECT_EQ(type(editor, "half\x03").event->kind, Kind::interrupt);
  EXPECT_EQ(type(editor, "\x04").event->kind, Kind::end);
  EXPECT_FALSE(type(editor, "x\x04").event) << "Ctrl-D ends an empty line only";
}

TEST(LineEditor, cuts_what_exceeds_its_limit) {
  LineEditor editor(4);
  EXPECT_EQ(type(editor, "123456\r").event->text, "1234");
}

TEST(LineEditor, tells_keys_from_text) {
  LineEditor editor(100);
  editor.watch_keys("oq");
  EXPECT_EQ(type(editor, "o").event->kind, Kind::key);
  EXPECT_FALSE(type(editor, "https://").event) << "text";
  EXPECT_FALSE(type(editor, "q").event) << "not on an empty line";
  EXPECT_EQ(editor.line(), "https://q");
  editor.watch_keys({});
  EXPECT_EQ(type(editor, "\x15o\r").event->text, "o");
  editor.watch_keys("oq");
  EXPECT_FALSE(type(editor, "only pasted text comes at once").event);
}

TEST(LineEditor, takes_a_bracketed_paste_as_one_line) {
  LineEditor editor(100);
  editor.watch_keys("oq");
  EXPECT_FALSE(type(editor, "\x1b[200~q").event) << "no key, it is pasted";
  EXPECT_FALSE(type(editor, "://a/\r\nb").event) << "a break inside is none";
  const Typed end = type(editor, "c\x1b[201~");
  ASSERT_TRUE(end.event);
  EXPECT_EQ(end.event->kind, Kind::line);
  EXPECT_EQ(end.event->text, "q://a/bc");
  EXPECT_FALSE(type(editor, "\x1b[200~\x1b[201~").event) << "nothing pasted";
  EXPECT_EQ(type(editor, "q").event->kind, Kind::key);
}

class TerminalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int terminal = -1;
    ASSERT_EQ(::openpty(&person_, &terminal, nullptr, nullptr, nullptr), 0);
    observer_ = ::dup(terminal);
    input_ = TerminalInput::open(context.get_executor(), terminal);
    ASSERT_TRUE(input_->is_terminal());
  }
  void TearDown() override {
    input_.reset();
    if (!hung_up_)
      EXPECT_EQ(local_modes() & (ICANON | ECHO | ISIG), unsigned{ICANON | ECHO | ISIG})
          << "the terminal is left as it was";
    ::close(person_);
    ::close(observer_);
  }
  tcflag_t local_modes() {
    termios modes{};
    ::tcgetattr(observer_, &modes);
    return modes.c_lflag;
  }
  /// In pieces, as a kernel buffer of 4 KB takes it only while someone reads.
  void type(std::string_view bytes) {
    ASSERT_EQ(::write(person_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  std::string shown() {
    char bytes[4096];
    const ssize_t size = ::read(person_, bytes, sizeof bytes);
    return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
  }

  boost::asio::io_context context{1};
  std::unique_ptr<TerminalInput> input_;
  int person_ = -1;
  int observer_ = -1;
  bool hung_up_ = false;
};

TEST_F(TerminalTest, reads_a_line_and_shows_it) {
  type("hello\r");
  const TerminalEvent event = run_to_end(context, input_->read(Echo::shown));
  EXPECT_EQ(event.kind, Kind::line);
  EXPECT_EQ(event.text, "hello");
  EXPECT_THAT(shown(), testing::HasSubstr("hello\r\n"));
}

Task<Result<bool>> read_event(TerminalInput& input) {
  (void)co_await input.read(Echo::hidden);
  co_return true;
}

Task<TerminalEvent> read_typed(TerminalInput& input, int person, std::string bytes,
                               std::size_t pieces) {
  // The first read sets the mode; typing follows, piece by piece.
  TerminalEvent event;
  const std::size_t size = (bytes.size() + pieces - 1) / pieces;
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    const std::string piece = bytes.substr(at, size);
    EXPECT_EQ(::write(person, piece.data(), piece.size()), static_cast<ssize_t>(piece.size()));
    const bool last = at + size >= bytes.size();
    if (last) co_return co_await input.read(Echo::hidden);
    const auto partial = co_await with_timeout<bool>(20ms, read_event(input), "a piece");
    EXPECT_FALSE(partial);
  }
  co_return event;
}

TEST_F(TerminalTest, keeps_what_was_typed_when_a_read_is_cancelled_and_takes_long_lines) {
  const std::string url(10'000, 'u');
  const TerminalEvent event =
      run_to_end(context, read_typed(*input_, person_, "\x15" + url + "\r", 5));
  EXPECT_EQ(event.text.size(), url.size());
}

TEST_F(TerminalTest, reports_the_escape_key) {
  EXPECT_EQ(run_to_end(context, read_typed(*input_, person_, "\x1b", 1)).kind, Kind::escape);
}

TEST_F(TerminalTest, tells_every_change_of_the_line_and_keys_to_who_draws_it) {
  // Typed once the terminal passes keys on one by one.
  const auto read_typed_key = [&](std::string bytes) {
    std::jthread typist([&, bytes] {
      while ((local_modes() & ICANON) != 0) std::this_thread::yield();
      type(bytes);
    });
    return run_to_end(context, input_->read_key("o"));
  };
  EXPECT_EQ(read_typed_key("o").kind, Kind::key);
  const TerminalEvent edited = read_typed_key("ab");
  EXPECT_EQ(edited.kind, Kind::edited);
  EXPECT_EQ(edited.text, "ab");
  EXPECT_EQ(read_typed_key("\x7f").text, "a");
  EXPECT_EQ(read_typed_key("\r").kind, Kind::line);
}

TEST_F(TerminalTest, ends_when_the_terminal_hangs_up) {
  ::close(std::exchange(person_, -1));
  hung_up_ = true;
  EXPECT_EQ(run_to_end(context, input_->read(Echo::hidden)).kind, Kind::end);
}

TEST(PlainInput, reads_lines_from_a_pipe) {
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  ASSERT_EQ(::write(fds[1], "one\r\ntwo", 8), 8);
  ::close(fds[1]);
  boost::asio::io_context context(1);
  const auto input = TerminalInput::open(context.get_executor(), fds[0]);
  EXPECT_FALSE(input->is_terminal());
  EXPECT_EQ(run_to_end(context, input->read(Echo::shown)).text, "one");
  EXPECT_EQ(run_to_end(context, input->read(Echo::shown)).text, "two");
  EXPECT_EQ(run_to_end(context, input->read(Echo::shown)).kind, Kind::end);
}

}  // namespace
}  // namespace gatehouse::net
