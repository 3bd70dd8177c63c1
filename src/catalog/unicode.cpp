#include "catalog/unicode.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "base/visible_text.hpp"

namespace gatehouse::catalog {
namespace {

// One ASCII letter per code point; '2' means see `two_letter_folds`, '.' means that it stays.
constexpr std::string_view fold_00c0 =
    "aaaaaa2ceeeeiiiidnooooo.ouuuuy22aaaaaa2ceeeeiiiidnooooo.ouuuuy2y"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii22jjkkklllllll"
    "lllnnnnnnnnnoooooo22rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"
    "b.................f....i........oo.............uu..............."
    "....222222222aaiioouuuuuuuuuu.aaaa....ggkkoooo..j222gg..nnaa...."
    "aaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy............"
    "................";
constexpr std::string_view fold_1e00 =
    "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm"
    "mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv"
    "wwwwwwwwwwxxxxyyzzzzzzhtwyas..2daaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
    "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";
static_assert(fold_00c0.size() == 0x250 - 0xC0 && fold_1e00.size() == 0x100);

struct TwoLetterFold {
  char32_t code_point;
  std::string_view letters;
};
constexpr std::array<TwoLetterFold, 22> two_letter_folds{{
    {0xC6, "ae"},  {0xDE, "th"},  {0xDF, "ss"},  {0xE6, "ae"},   {0xFE, "th"},  {0x132, "ij"},
    {0x133, "ij"}, {0x152, "oe"}, {0x153, "oe"}, {0x1C4, "dz"},  {0x1C5, "dz"}, {0x1C6, "dz"},
    {0x1C7, "lj"}, {0x1C8, "lj"}, {0x1C9, "lj"}, {0x1CA, "nj"},  {0x1CB, "nj"}, {0x1CC, "nj"},
    {0x1F1, "dz"}, {0x1F2, "dz"}, {0x1F3, "dz"}, {0x1E9E, "ss"},
}};

struct Range {
  char32_t first, last;
};

// Sorted. Blocks of punctuation, symbols, private use and emoji above ASCII.
constexpr std::array separators{
    Range{0x80, 0xA9},       Range{0xAB, 0xB4},       Range{0xB6, 0xB9},     Range{0xBB, 0xBF},
    Range{0xD7, 0xD7},       Range{0xF7, 0xF7},       Range{0x2000, 0x2BFF}, Range{0x2E00, 0x2E7F},
    Range{0x3000, 0x3004},   Range{0x3007, 0x3030},   Range{0x30FB, 0x30FB}, Range{0xD800, 0xF8FF},
    Range{0xFE10, 0xFE1F},   Range{0xFE30, 0xFE6F},   Range{0xFEFF, 0xFEFF}, Range{0xFF00, 0xFF0F},
    Range{0xFF1A, 0xFF20},   Range{0xFF3B, 0xFF40},   Range{0xFF5B, 0xFF65}, Range{0xFFE0, 0xFFFF},
    Range{0x1F000, 0x1FAFF}, Range{0xE0000, 0x10FFFF}};
constexpr std::array unspaced{
    Range{0x0E00, 0x0EFF}, Range{0x1000, 0x109F}, Range{0x1100, 0x11FF},   Range{0x1780, 0x17FF},
    Range{0x3005, 0x3006}, Range{0x3031, 0x9FFF}, Range{0xA960, 0xA97F},   Range{0xAC00, 0xD7FF},
    Range{0xF900, 0xFAFF}, Range{0xFF66, 0xFFDF}, Range{0x1B000, 0x1B16F}, Range{0x20000, 0x3FFFF}};

template <std::size_t n>
bool contains(const std::array<Range, n>& ranges, char32_t code_point) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), code_point,
                       [](char32_t c, const Range& range) { return c < range.first; });
  return after != ranges.begin() && code_point <= std::prev(after)->last;
}

CharKind kind_of_ascii(char32_t c) {
  if (c >= 'a' && c <= 'z') return CharKind::letter;
  if (c >= 'A' && c <= 'Z') return CharKind::upper;
  if (c >= '0' && c <= '9') return CharKind::digit;
  if (c == '_' || c == '-' || c == '.') return CharKind::connector;
  if (c == '\'') return CharKind::apostrophe;
  return CharKind::separator;
}

// Case of Greek, Cyrillic and Armenian by block arithmetic; final sigma and ё as people type them.
char32_t fold_other_script(char32_t c) {
  if (c >= 0x391 && c <= 0x3A9) return c + 32;
  if (c == 0x3C2) return 0x3C3;
  if (c >= 0x410 && c <= 0x42F) return c + 32;
  if (c == 0x401 || c == 0x451) return 0x435;
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  if (c >= 0x531 && c <= 0x556) return c + 48;
  return c;
}

void append_utf8(char32_t c, std::string& out) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

}  // namespace

char32_t next_code_point(std::string_view text, std::size_t& position) {
  assert(position < text.size());
  const CodePoint point = code_point_at(text, position);
  position += point.bytes;
  return point.value;
}

CharKind kind_of(char32_t c) {
  if (c < 0x80) return kind_of_ascii(c);
  if (c == 0x2019) return CharKind::apostrophe;
  if ((c >= 0x300 && c <= 0x36F) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xAD || c == 0x200D) {
    return CharKind::mark;
  }
  if (c >= 0xFF10 && c <= 0xFF19) return CharKind::digit;
  if (contains(separators, c)) return CharKind::separator;
  if (contains(unspaced, c)) return CharKind::unspaced;
  return CharKind::letter;
}

void append_folded(char32_t c, std::string& out) {
  if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;  // full-width forms of ASCII
  if (c < 0x80) {
    out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return;
  }
  char fold = '.';
  if (c >= 0xC0 && c < 0x250) fold = fold_00c0[c - 0xC0];
  if (c >= 0x1E00 && c < 0x1F00) fold = fold_1e00[c - 0x1E00];
  if (fold == '2') {
    for (const TwoLetterFold& pair : two_letter_folds) {
      if (pair.code_point == c) out += pair.letters;
    }
  } else if (fold != '.') {
    out += fold;
  } else {
    append_utf8(fold_other_script(c), out);
  }
}

}  // namespace gatehouse::catalog
