#include "cli/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace gatehouse::cli {
namespace {

struct Character {
  char32_t code;
  std::size_t bytes;
};

// The character at `text`'s start; an ill-formed byte is U+FFFD of one byte.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 && lead < 0xF5 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead >= 0xF5 || text.size() < length) return {0xFFFD, 1};
  char32_t code = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {0xFFFD, 1};
    code = code << 6U | (byte(i) & 0x3FU);
  }
  return {code, length};
}

struct Range {
  char32_t from;
  char32_t to;
};

bool within(char32_t code, std::initializer_list<Range> ranges) {
  return std::ranges::any_of(ranges,
                             [&](const Range& r) { return code >= r.from && code <= r.to; });
}

// Controls, direction overrides, zero-width and tag characters: what could disguise a text.
bool is_hidden(char32_t code) {
  return within(code, {{0, 0x1F},
                       {0x7F, 0x9F},
                       {0xAD, 0xAD},
                       {0x200B, 0x200F},
                       {0x2028, 0x202E},
                       {0x2060, 0x206F},
                       {0xFEFF, 0xFEFF},
                       {0xFFF9, 0xFFFB},
                       {0xE0000, 0xE0FFF}});
}

std::size_t width_of(char32_t code) {
  if (within(code, {{0x300, 0x36F}, {0x1AB0, 0x1AFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}))
    return 0;
  const bool wide = within(code, {{0x1100, 0x115F},
                                  {0x2E80, 0x303E},
                                  {0x3041, 0xA4CF},
                                  {0xAC00, 0xD7A3},
                                  {0xF900, 0xFAFF},
                                  {0xFE30, 0xFE6F},
                                  {0xFF00, 0xFF60},
                                  {0xFFE0, 0xFFE6},
                                  {0x1F300, 0x1F64F},
                                  {0x1F680, 0x1F6FF},
                                  {0x1F900, 0x1F9FF},
                                  {0x20000, 0x3FFFD}});
  return wide ? 2 : 1;
}

std::string shown(std::string_view text, std::string_view kept) {
  std::string out;
  while (!text.empty()) {
    const Character c = first_character(text);
    const bool keep = c.code < 0x80 && kept.find(static_cast<char>(c.code)) != std::string::npos;
    if (c.code == 0xFFFD) {
      out += "\xEF\xBF\xBD";
    } else if (is_hidden(c.code) && !keep) {
      out += fmt::format("\\u{{{:X}}}", static_cast<std::uint32_t>(c.code));
    } else {
      out += text.substr(0, c.bytes);
    }
    text.remove_prefix(c.bytes);
  }
  return out;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character c = first_character(text);
    width += width_of(c.code);
    text.remove_prefix(c.bytes);
  }
  return width;
}

std::string cut_to_width(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  std::string out;
  std::size_t width = 0;
  while (!text.empty()) {
    const Character c = first_character(text);
    if (width + width_of(c.code) + 1 > columns) break;
    width += width_of(c.code);
    out += text.substr(0, c.bytes);
    text.remove_prefix(c.bytes);
  }
  return columns == 0 ? std::string() : out + "…";
}

std::string printable(std::string_view text) {
  return shown(text, "");
}

std::string printable_block(std::string_view text) {
  return shown(text, "\n\t");
}

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
