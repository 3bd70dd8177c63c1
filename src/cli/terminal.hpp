// Terminal: what a command prints and asks. Data goes to standard output, everything else to
// standard error, so that output can be piped. Prompts exist only where a person sits: standard
// input and standard error are both a terminal.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "net/terminal_input.hpp"
#include "terminal/line.hpp"
#include "terminal/look.hpp"

namespace gatehouse::cli {

using net::Echo;

/// The keyboard, key by key, while it lives; the terminal is as it was afterwards.
class Keyboard {
 public:
  virtual ~Keyboard() = default;
  /// As net::TerminalInput::read_key(). Cancellable; nothing that was read is lost then.
  virtual Task<net::TerminalEvent> next(std::string keys) = 0;
};

class Terminal {
 public:
  virtual ~Terminal() = default;

  virtual void print(std::string_view text) = 0;  ///< data, as it is
  virtual void note(std::string_view line) = 0;   ///< a line for the person
  /// A line that the next one replaces, on a terminal; nothing elsewhere.
  virtual void show_progress(std::string_view line) = 0;

  /// What standard error can show, where everything for the person goes.
  virtual const terminal::Look& look() const = 0;
  virtual terminal::Size size() const = 0;           ///< of its window, as it is now
  virtual void say(const terminal::Line& line) = 0;  ///< a note with more than plain text
  /// Lines at the bottom, redrawn in place; notes appear above them, a question replaces them.
  /// None: they go. Nothing where look().live is false. They must take fewer rows than the window
  /// has.
  virtual void show_area(const std::vector<terminal::Line>& lines) = 0;
  /// Where can_ask() and look().live; at most one at a time, and no read_line() meanwhile.
  virtual std::unique_ptr<Keyboard> open_keyboard() = 0;

  virtual bool can_ask() const = 0;              ///< a person can be prompted
  virtual std::size_t output_width() const = 0;  ///< of standard output; 0: not a terminal

  /// The next line of standard input, on a terminal with editing; nothing at its end. `question` is
  /// shown on a terminal, and goes when something else is printed meanwhile. Errors: cancelled (Esc
  /// or Ctrl-C). Cancellable; nothing that was read is lost then.
  virtual Task<Result<std::optional<std::string>>> read_line(std::string question, Echo echo) = 0;
  /// Everything on standard input. Errors: too_large.
  virtual Task<Result<std::string>> read_all(std::size_t max_bytes) = 0;
};

/// Prints `question` and reads the answer; `preset` is taken for an empty one. Errors: cancelled,
/// also at the end of input; policy where nobody can be asked, with `hint`.
Task<Result<std::string>> ask(Terminal& terminal, std::string question, std::string preset,
                              std::string hint);
/// The same without echo.
Task<Result<Secret>> ask_secret(Terminal& terminal, std::string question, std::string hint);
/// y or n; `preset` is the answer to an empty line.
enum class Answer { no, yes };
Task<Result<Answer>> confirm(Terminal& terminal, std::string question, Answer preset,
                             std::string hint);
/// The position of the chosen option; asked until it is one.
Task<Result<std::size_t>> choose(Terminal& terminal, std::string question,
                                 std::vector<std::string> options, std::string hint);

}  // namespace gatehouse::cli
