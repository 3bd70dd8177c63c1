#include "cli/table.hpp"

#include <algorithm>

namespace gatehouse::cli {

void Table::add_row(std::vector<std::string> cells) {
  cells.resize(headings_.size());
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::to_text(std::size_t width) const {
  std::vector<std::size_t> widths;
  for (const std::string& heading : headings_) widths.push_back(display_width(heading));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i]));
  }
  std::string out;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    std::size_t used = 0;
    for (std::size_t i = 0; i + 1 < cells.size(); ++i) {
      out += cells[i] + std::string(widths[i] - display_width(cells[i]) + 2, ' ');
      used += widths[i] + 2;
    }
    const std::size_t least = 10;  // a narrow terminal wraps rather than hides everything
    out += width == 0 ? cells.back()
                      : cut_to_width(cells.back(), width > used + least ? width - used : least);
    while (!out.empty() && out.back() == ' ') out.pop_back();
    out += '\n';
  };
  add_line(headings_);
  for (const auto& row : rows_) add_line(row);
  return out;
}

std::string to_text(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::size_t widest = 0;
  for (const auto& [name, value] : facts) {
    if (!value.empty()) widest = std::max(widest, display_width(name));
  }
  std::string out;
  for (const auto& [name, value] : facts) {
    if (value.empty()) continue;
    out +=
        name + ":" + std::string(widest - display_width(name) + 2, ' ') + printable(value) + "\n";
  }
  return out;
}

}  // namespace gatehouse::cli
