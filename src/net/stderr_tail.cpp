#include "net/stderr_tail.hpp"

#include <utility>

#include "base/limits.hpp"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t kLinesPerSecond = 100;

}  // namespace

std::vector<std::string> StderrTail::feed(std::string_view bytes,
                                          std::chrono::steady_clock::time_point now) {
  kept_ += bytes;
  // Trimmed at twice the size, so that a flood is not moved byte by byte.
  if (kept_.size() > 2 * max_bytes_) kept_.erase(0, kept_.size() - max_bytes_);
  std::vector<std::string> lines;
  for (const char c : bytes) {
    if (c == '\n') {
      complete_line(lines, now);
    } else if (c != '\r' && line_.size() < limits::kStderrLineBytes) {
      line_ += c;
    }
  }
  return lines;
}

void StderrTail::complete_line(std::vector<std::string>& lines,
                               std::chrono::steady_clock::time_point now) {
  if (now - second_ >= 1s) {
    second_ = now;
    logged_ = 0;
  }
  if (logged_ < kLinesPerSecond) {
    ++logged_;
    lines.push_back(line_);
  } else {
    ++suppressed_;
  }
  line_.clear();
}

std::size_t StderrTail::take_suppressed() {
  return std::exchange(suppressed_, 0);
}

std::string_view StderrTail::last(std::size_t max_bytes) const {
  std::string_view text = kept_;
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  if (text.size() <= max_bytes) return text;
  text.remove_prefix(text.size() - max_bytes);
  const std::size_t line = text.find('\n');
  return line == std::string_view::npos ? text : text.substr(line + 1);
}

}  // namespace gatehouse::net
