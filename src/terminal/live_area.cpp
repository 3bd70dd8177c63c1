#include "terminal/live_area.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gatehouse::terminal {
namespace {

std::size_t rows(std::size_t width, std::size_t columns) {
  return width == 0 || columns == 0 ? 1 : (width + columns - 1) / columns;
}

std::string up(std::size_t count) {
  return count == 0 ? "\r" : fmt::format("\r\x1b[{}A", count);
}

std::string down(std::size_t count) {
  return count == 0 ? "\r" : fmt::format("\r\x1b[{}B", count);
}

// While lines are replaced the cursor would flicker over them.
constexpr std::string_view kHideCursor = "\x1b[?25l";
constexpr std::string_view kShowCursor = "\x1b[?25h";

}  // namespace

std::size_t LiveArea::rows_of(const std::vector<Line>& lines, std::size_t columns) {
  std::size_t count = 0;
  for (const Line& line : lines) count += rows(line.width(), columns);
  return count;
}

// From the first row of line `from` to the row of the cursor, which is the last row of all.
std::size_t LiveArea::rows_above_cursor(std::size_t from, std::size_t columns) const {
  std::size_t count = 0;
  for (std::size_t i = from; i < shown_.size(); ++i) count += rows(shown_[i].width, columns);
  return count == 0 ? 0 : count - 1;
}

std::string LiveArea::erase(std::size_t columns) {
  if (shown_.empty()) return {};
  const std::string bytes = up(rows_above_cursor(0, columns)) + "\x1b[J";
  shown_.clear();
  return bytes;
}

// Every line stands where it stood: only those that differ are written.
std::string LiveArea::rewrite_changed(const std::vector<Shown>& wanted, std::size_t columns) const {
  std::string out;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].bytes == shown_[i].bytes) continue;
    const std::size_t above = rows_above_cursor(i, columns);
    const std::size_t own = rows(wanted[i].width, columns);
    out += up(above) + wanted[i].bytes;
    // A full last column leaves the cursor on it, where K would erase it again.
    const bool full = wanted[i].width > 0 && wanted[i].width % columns == 0;
    if (!full) out += "\x1b[K";
    out += down(above + 1 - own);
  }
  if (out.empty()) return out;
  const Shown& last = wanted.back();
  const std::size_t column = last.width % std::max<std::size_t>(columns, 1);
  if (column > 0) out += fmt::format("\r\x1b[{}C", column);
  return std::string(kHideCursor) + out + std::string(kShowCursor);
}

std::string LiveArea::draw(const std::vector<Line>& lines, std::size_t columns) {
  std::vector<Shown> wanted;
  wanted.reserve(lines.size());
  for (const Line& line : lines) wanted.push_back({to_ansi(line, look_), line.width()});
  const bool same_places = columns == columns_ && wanted.size() == shown_.size() &&
                           !wanted.empty() &&
                           std::ranges::equal(wanted, shown_, [&](const Shown& a, const Shown& b) {
                             return rows(a.width, columns) == rows(b.width, columns);
                           });
  std::string out;
  if (same_places) {
    out = rewrite_changed(wanted, columns);
  } else {
    out = std::string(kHideCursor) + erase(columns);
    for (std::size_t i = 0; i < wanted.size(); ++i) out += (i == 0 ? "" : "\r\n") + wanted[i].bytes;
    out += kShowCursor;
  }
  shown_ = std::move(wanted);
  columns_ = columns;
  return out;
}

}  // namespace gatehouse::terminal
