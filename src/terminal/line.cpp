#include "terminal/line.hpp"

#include <algorithm>
#include <array>

#include "terminal/text.hpp"

namespace gatehouse::terminal {
namespace {

std::string_view sgr(Style style) {
  switch (style) {
    case Style::plain:
      return {};
    case Style::strong:
      return "\x1b[1m";
    case Style::faint:
      return "\x1b[2m";
    case Style::good:
      return "\x1b[32m";
    case Style::bad:
      return "\x1b[31m";
    case Style::caution:
      return "\x1b[33m";
    case Style::panel:
      return "\x1b[30;107m";
    case Style::ink:
      return "\x1b[40m";
  }
  return {};
}

bool may_link(std::string_view address) {
  return !address.empty() &&
         std::ranges::all_of(address, [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::string Line::text() const {
  std::string out;
  for (const Piece& piece : pieces) out += piece.text;
  return out;
}

std::size_t Line::width() const {
  std::size_t width = 0;
  for (const Piece& piece : pieces) width += display_width(piece.text);
  return width;
}

std::string to_ansi(const Line& line, const Look& look) {
  std::string out;
  for (const Piece& piece : line.pieces) {
    const std::string_view on = look.colour ? sgr(piece.style) : std::string_view();
    const bool linked = look.links && may_link(piece.link);
    if (linked) out += "\x1b]8;;" + piece.link + "\x1b\\";
    out += on;
    out += piece.text;
    if (!on.empty()) out += "\x1b[0m";
    if (linked) out += "\x1b]8;;\x1b\\";
  }
  return out;
}

Piece done_sign(const Look& look) {
  return {look.unicode ? "✓" : "+", Style::good, {}};
}

Piece failed_sign(const Look& look) {
  return {look.unicode ? "✗" : "x", Style::bad, {}};
}

Piece caution_sign(const Look&) {
  return {"!", Style::caution, {}};
}

Piece busy_sign(const Look& look, std::size_t beat) {
  constexpr std::array<std::string_view, 4> dots{"◐", "◓", "◑", "◒"};
  constexpr std::array<std::string_view, 4> strokes{"|", "/", "-", "\\"};
  return {std::string(look.unicode ? dots[beat % 4] : strokes[beat % 4]), Style::plain, {}};
}

}  // namespace gatehouse::terminal
