// LineEditor: bytes typed at a terminal in raw mode become a line or a key. Pure: bytes in, event
// and echo out. Text between the marks of a bracketed paste is never taken for keys; its line
// breaks go, so that an address broken over lines is whole again, and its end is the end of the
// line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

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
  /// From now on these characters are keys when they arrive alone on an empty line.
  void watch_keys(std::string keys) { keys_ = std::move(keys); }
  const std::string& line() const { return line_; }

 private:
  enum class State { text, escape, sequence };

  std::optional<TerminalEvent> on_control(char c, std::string& echo);
  std::optional<TerminalEvent> end_sequence(char last, std::string& echo);
  void erase_character(std::string& echo);

  std::size_t max_bytes_;
  State state_ = State::text;
  std::string line_;
  std::string keys_;
  std::string sequence_;  // parameters of the escape sequence under way, bounded
  bool pasting_ = false;
};

}  // namespace gatehouse::net
