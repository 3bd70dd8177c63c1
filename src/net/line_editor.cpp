#include "net/line_editor.hpp"

#include <utility>

namespace gatehouse::net {
namespace {

constexpr char kEscape = 0x1b;
constexpr std::size_t kSequenceBytes = 16;

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

}  // namespace

std::optional<TerminalEvent> LineEditor::feed(std::string_view& bytes, std::string& echo) {
  while (!bytes.empty()) {
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (state_ == State::escape) {
      state_ = c == '[' || c == 'O' ? State::sequence : State::text;
      sequence_.clear();
      if (c == kEscape) return resolve_escape();
      continue;  // Alt and a key: ignored
    }
    if (state_ == State::sequence) {
      if (c < 0x40 || c > 0x7e) {
        if (sequence_.size() < kSequenceBytes) sequence_ += c;
        continue;
      }
      state_ = State::text;
      if (auto event = end_sequence(c, echo)) return event;
      continue;
    }
    const bool is_key = !pasting_ && line_.empty() && bytes.empty() && !keys_.empty() &&
                        keys_.find(c) != std::string::npos;
    if (is_key) return TerminalEvent{TerminalEvent::Kind::key, std::string(1, c)};
    if (pasting_ && (c == '\r' || c == '\n')) continue;
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      if (auto event = on_control(c, echo)) return event;
    } else if (line_.size() < max_bytes_) {
      line_ += c;
      echo += c;
    }
  }
  return std::nullopt;
}

// An arrow key and the like is ignored.
std::optional<TerminalEvent> LineEditor::end_sequence(char last, std::string& echo) {
  if (last != '~') return std::nullopt;
  if (sequence_ == "200") pasting_ = true;
  if (sequence_ != "201" || !std::exchange(pasting_, false) || line_.empty()) return std::nullopt;
  echo += '\n';
  return TerminalEvent{TerminalEvent::Kind::line, std::exchange(line_, {})};
}

std::optional<TerminalEvent> LineEditor::on_control(char c, std::string& echo) {
  using Kind = TerminalEvent::Kind;
  switch (c) {
    case '\r':
    case '\n':
      echo += '\n';
      return TerminalEvent{Kind::line, std::exchange(line_, {})};
    case 0x03:  // Ctrl-C
    case 0x1c:  // Ctrl-backslash
      line_.clear();
      return TerminalEvent{Kind::interrupt, {}};
    case 0x04:  // Ctrl-D
      if (line_.empty()) return TerminalEvent{Kind::end, {}};
      return std::nullopt;
    case kEscape:
      state_ = State::escape;
      return std::nullopt;
    case 0x08:
    case 0x7f:
      erase_character(echo);
      return std::nullopt;
    case 0x15:  // Ctrl-U
      while (!line_.empty()) erase_character(echo);
      return std::nullopt;
    case 0x17:  // Ctrl-W
      while (line_.ends_with(' ')) erase_character(echo);
      while (!line_.empty() && !line_.ends_with(' ')) erase_character(echo);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

void LineEditor::erase_character(std::string& echo) {
  if (line_.empty()) return;
  while (line_.size() > 1 && is_continuation(line_.back())) line_.pop_back();
  line_.pop_back();
  echo += "\b \b";
}

TerminalEvent LineEditor::resolve_escape() {
  state_ = State::text;
  line_.clear();
  return {TerminalEvent::Kind::escape, {}};
}

}  // namespace gatehouse::net
