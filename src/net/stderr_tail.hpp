// StderrTail: what a child last said on stderr, bounded, and its complete lines for the log, at a
// bounded rate. Pure; time is an argument.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::net {

class StderrTail final {
 public:
  explicit StderrTail(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Keeps the last `max_bytes` and returns the lines completed by `bytes` that are to be logged,
  /// each bounded to kStderrLineBytes; of a flood 100 a second.
  std::vector<std::string> feed(std::string_view bytes, std::chrono::steady_clock::time_point now);
  /// The lines not logged since the last call.
  std::size_t take_suppressed();
  /// The last lines, at most `max_bytes` of them.
  std::string_view last(std::size_t max_bytes) const;
  std::string_view all() const { return kept_; }

 private:
  void complete_line(std::vector<std::string>& lines, std::chrono::steady_clock::time_point now);

  std::size_t max_bytes_;
  std::string kept_;
  std::string line_;
  std::size_t suppressed_ = 0;
  std::size_t logged_ = 0;  ///< in the current second
  std::chrono::steady_clock::time_point second_{};
};

}  // namespace gatehouse::net
