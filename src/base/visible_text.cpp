#include "base/visible_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace gatehouse {
namespace {

struct Range {
  char32_t first, last;
};

template <std::size_t n>
bool within(const std::array<Range, n>& ranges, char32_t c) {
  return std::ranges::any_of(ranges, [&](Range r) { return c >= r.first && c <= r.last; });
}

constexpr std::array kHidden{
    Range{0x00, 0x1F},       Range{0x7F, 0x9F},       Range{0xAD, 0xAD},
    Range{0x34F, 0x34F},     Range{0x61C, 0x61C},     Range{0x115F, 0x1160},
    Range{0x17B4, 0x17B5},   Range{0x180B, 0x180F},   Range{0x200B, 0x200F},
    Range{0x2028, 0x202E},   Range{0x2060, 0x206F},   Range{0x2800, 0x2800},
    Range{0x3164, 0x3164},   Range{0xFE00, 0xFE0F},   Range{0xFEFF, 0xFEFF},
    Range{0xFFA0, 0xFFA0},   Range{0xFFF0, 0xFFFB},   Range{0x1BCA0, 0x1BCA3},
    Range{0x1D173, 0x1D17A}, Range{0xE0000, 0xE0FFF}, Range{0xFFFFE, 0x10FFFF}};

// What U+FE0E and U+FE0F choose the look of: keys, symbols and pictures.
constexpr std::array kSymbols{
    Range{'#', '#'},       Range{'*', '*'},       Range{'0', '9'},
    Range{0xA9, 0xAE},     Range{0x203C, 0x2049}, Range{0x2100, 0x2BFF},
    Range{0x3030, 0x303D}, Range{0x3297, 0x3299}, Range{0x1F000, 0x1FAFF}};
constexpr std::array kPictures{Range{0x2190, 0x2BFF}, Range{0x1F000, 0x1FAFF}};
// Scripts whose letters are joined or kept apart with U+200C and U+200D.
constexpr std::array kJoining{Range{0x620, 0x8FF}, Range{0x900, 0xDFF}};
constexpr std::array kIdeographs{Range{0x3400, 0x4DBF}, Range{0x4E00, 0x9FFF},
                                 Range{0xF900, 0xFAFF}, Range{0x20000, 0x3FFFF}};

// Whether a hidden character does its proper work between its neighbours; once only.
bool is_at_work(char32_t c, char32_t before, char32_t after) {
  if (c == 0xFE0E || c == 0xFE0F) return within(kSymbols, before);
  if (c >= 0xFE00 && c <= 0xFE02) return within(kIdeographs, before);
  if (c >= 0xE0100 && c <= 0xE01EF) return within(kIdeographs, before);
  const bool joiner = c == 0x200C || c == 0x200D;
  if (joiner && within(kJoining, before) && within(kJoining, after)) return true;
  return c == 0x200D && (within(kPictures, before) || before == 0xFE0F) && within(kPictures, after);
}

bool is_space(char32_t c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

CodePoint code_point_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  constexpr CodePoint ill{0xFFFD, 1};
  if (lead < 0xC2 || lead > 0xF4 || at + length > text.size()) return ill;
  char32_t value = lead & (0x7FU >> length);
  for (std::size_t i = at + 1; i < at + length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return ill;
    value = (value << 6) | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < smallest[length] || value > 0x10FFFF || surrogate) return ill;
  return {value, length};
}

bool is_hidden(char32_t code_point) {
  return within(kHidden, code_point);
}

std::string visible_text(std::string_view text, VisibleText how) {
  std::string out;
  out.reserve(std::min(text.size(), how.max_bytes) + 8);
  bool space = false;
  char32_t before = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    if (at + c.bytes > how.max_bytes || out.size() > how.max_bytes) return out + "…";
    const std::size_t next = at + c.bytes;
    if (how.spaces == Spaces::one_line && is_space(c.value)) {
      space = !out.empty();
    } else {
      if (std::exchange(space, false)) out += ' ';
      const bool kept = how.spaces == Spaces::kept && (c.value == '\n' || c.value == '\t');
      const char32_t after = next < text.size() ? code_point_at(text, next).value : 0;
      if (c.value == 0xFFFD) {
        out += "\xEF\xBF\xBD";
      } else if (kept || !is_hidden(c.value) || is_at_work(c.value, before, after)) {
        out += text.substr(at, c.bytes);
      } else {
        out += fmt::format("\\u{{{:X}}}", static_cast<std::uint32_t>(c.value));
      }
    }
    before = c.value;
    at = next;
  }
  return out;
}

}  // namespace gatehouse
