#include "terminal/text.hpp"

#include <algorithm>

#include "base/visible_text.hpp"

namespace gatehouse::terminal {
namespace {

struct Character {
  char32_t code;
  std::size_t bytes;
};

Character first_character(std::string_view text) {
  const CodePoint first = code_point_at(text, 0);
  return {first.value, first.bytes};
}

struct Range {
  char32_t from;
  char32_t to;
};

bool within(char32_t code, std::initializer_list<Range> ranges) {
  return std::ranges::any_of(ranges,
                             [&](const Range& r) { return code >= r.from && code <= r.to; });
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

// Bytes of the longest start of `text` that fits into `columns`; at least one character.
std::size_t fitting_bytes(std::string_view text, std::size_t columns) {
  std::size_t bytes = 0;
  std::size_t width = 0;
  while (bytes < text.size()) {
    const Character c = first_character(text.substr(bytes));
    width += width_of(c.code);
    if (width > columns && bytes > 0) break;
    bytes += c.bytes;
  }
  return bytes;
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
  return visible_text(text, {});
}

std::string printable_block(std::string_view text) {
  return visible_text(text, {.spaces = Spaces::kept});
}

std::vector<std::string> wrap(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  columns = std::max<std::size_t>(columns, 1);
  while (display_width(text) > columns) {
    const std::size_t fits = fitting_bytes(text, columns);
    // A space right behind what fits is a break as good as one inside.
    const std::size_t space = text.substr(0, fits + 1).rfind(' ');
    const bool at_word = space != std::string_view::npos && space > 0;
    lines.emplace_back(text.substr(0, at_word ? space : fits));
    text.remove_prefix(at_word ? space + 1 : fits);
  }
  if (!text.empty() || lines.empty()) lines.emplace_back(text);
  return lines;
}

std::string printable_bounded(std::string_view text, std::size_t max_bytes) {
  return visible_text(text, {.max_bytes = max_bytes});
}

}  // namespace gatehouse::terminal
