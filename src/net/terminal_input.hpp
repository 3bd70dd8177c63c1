// TerminalInput: lines and the keys Esc and Ctrl-C from a person at a terminal, or lines from
// whatever stdin is. The paste prompt of a login races a loopback listener with it, so reading can
// be cancelled at any time; the terminal's settings are restored whenever no read is under way.
#pragma once

#include <memory>
#include <string>

#include "async/task.hpp"

namespace gatehouse::net {

enum class Echo { shown, hidden };

struct TerminalEvent {
  enum class Kind {
    line,       ///< text holds it, without its end
    escape,     ///< Esc; terminals only
    interrupt,  ///< Ctrl-C; terminals only
    end,        ///< Ctrl-D on an empty line, or end of file
    key,        ///< one of the keys that were asked for, on an empty line; text holds it
    edited,     ///< text holds the line as it is now
  };
  Kind kind = Kind::end;
  std::string text;
};

class TerminalInput {
 public:
  static constexpr std::size_t kLineBytes =
      64 * 1024;  ///< what a person may paste; the rest is cut

  /// Of stdin. Opened anew where possible, see PrivateDescriptor.
  static std::unique_ptr<TerminalInput> open(Executor executor);
  /// Of another descriptor, which is taken over.
  static std::unique_ptr<TerminalInput> open(Executor executor, int fd);
  virtual ~TerminalInput() = default;

  virtual bool is_terminal() const = 0;
  /// On a terminal a small editor: backspace, Ctrl-W, Ctrl-U; longer lines than the 4 KB of a
  /// terminal's own editor. Cancellable; what was typed so far is then kept for the next call.
  virtual Task<TerminalEvent> read(Echo echo) = 0;
  /// The same for who draws the line himself: nothing is echoed, every change is an event, and a
  /// key of `keys` that arrives alone on an empty line is one too. Terminals only. Cancellable.
  virtual Task<TerminalEvent> read_key(std::string keys) = 0;
};

}  // namespace gatehouse::net
