// Aligned columns for people. Pure. Cells are made safe to print: control and invisible characters
// of remote texts are shown, not obeyed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "terminal/text.hpp"

namespace gatehouse::cli {

using terminal::cut_to_width;
using terminal::display_width;
using terminal::printable;
using terminal::printable_block;

class Table final {
 public:
  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}
  void add_row(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  /// Lines with two spaces between columns. The last column is cut at `width` columns of the whole
  /// line; 0: nothing is cut.
  std::string to_text(std::size_t width = 0) const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

/// "name:     value" lines, values aligned; pairs with an empty value are left out.
std::string to_text(const std::vector<std::pair<std::string, std::string>>& facts);

}  // namespace gatehouse::cli
