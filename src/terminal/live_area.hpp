// LiveArea: the lines at the bottom of a terminal that are redrawn in place. It decides which bytes
// to write and remembers what stands there; who owns it writes them. Only lines that changed are
// written again, so nothing flickers and a selection in another line stays. Pure.
#pragma once

#include <string>
#include <vector>

#include "terminal/line.hpp"
#include "terminal/look.hpp"

namespace gatehouse::terminal {

class LiveArea final {
 public:
  explicit LiveArea(Look look) : look_(look) {}

  /// Bytes that turn what stands there into `lines`. The cursor rests behind the last one. Longer
  /// lines than `columns` wrap and are counted so; after a resize the rows are those the terminal
  /// has made of the old lines by wrapping them anew.
  std::string draw(const std::vector<Line>& lines, std::size_t columns);
  /// Bytes that remove the area; the cursor stands where it began.
  std::string erase(std::size_t columns);
  bool empty() const { return shown_.empty(); }

  /// How many rows these lines take.
  static std::size_t rows_of(const std::vector<Line>& lines, std::size_t columns);

 private:
  struct Shown {
    std::string bytes;
    std::size_t width = 0;
  };
  std::size_t rows_above_cursor(std::size_t from, std::size_t columns) const;
  std::string rewrite_changed(const std::vector<Shown>& wanted, std::size_t columns) const;

  Look look_;
  std::vector<Shown> shown_;
  std::size_t columns_ = 0;
};

}  // namespace gatehouse::terminal
