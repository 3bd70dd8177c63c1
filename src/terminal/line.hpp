// Line: what stands on one line of a terminal, as pieces with a meaning instead of colours. Views
// make lines, to_ansi() makes bytes of them. Texts in it are safe already (printable()). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "terminal/look.hpp"

namespace gatehouse::terminal {

enum class Style {
  plain,
  strong,  ///< what is to be read or typed: a code
  faint,   ///< hints
  good,
  bad,
  caution,
  panel,  ///< black on white whatever the theme: a QR code
  ink,    ///< black background: what is dark in a QR code of spaces
};

struct Piece {
  std::string text;
  Style style = Style::plain;
  std::string link;  ///< address that the text leads to, where links can be drawn; empty: none
};

struct Line {
  std::vector<Piece> pieces;

  Line() = default;
  Line(std::string text, Style style = Style::plain) {  // NOLINT(google-explicit-constructor)
    pieces.push_back({std::move(text), style, {}});
  }
  Line& add(std::string text, Style style = Style::plain) {
    pieces.push_back({std::move(text), style, {}});
    return *this;
  }
  std::string text() const;  ///< without any styling
  std::size_t width() const;
};

/// With SGR and OSC 8 as far as `look` has them. A link is drawn only when it is printable ASCII.
std::string to_ansi(const Line& line, const Look& look);

/// The signs in front of a line: done, failed, caution, and under way (`beat` turns it).
Piece done_sign(const Look& look);
Piece failed_sign(const Look& look);
Piece caution_sign(const Look& look);
Piece busy_sign(const Look& look, std::size_t beat);

}  // namespace gatehouse::terminal
