// LineEditor: bytes typed at a terminal in raw mode become a line or a key. Pure: bytes in, event
// and echo out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/terminal_input.hpp"

namespace gatehouse::net {

class LineEditor final {
 public:
  explicit LineEditor(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Takes bytes from the front of `bytes` until an event is complete. What the terminal is to show
  /// is appended to `echo`.
  std::optional<TerminalEvent> feed(std::string_view& bytes, std::string& echo);
  /// True after a lone ESC: if nothing follows within a moment it was the key, see
  /// resolve_escape().
  bool escape_pending() const { return state_ == State::escape; }
  TerminalEvent resolve_escape();

 private:
  enum class State { text, escape, sequence };

  std::optional<TerminalEvent> on_control(char c, std::string& echo);
  void erase_character(std::string& echo);

  std::size_t max_bytes_;
  State state_ = State::text;
  std::string line_;
};

}  // namespace gatehouse::net
