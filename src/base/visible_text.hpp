// Text that somebody else wrote, for people and models to read: what is invisible in it, or turns
// the reading around, is shown as \u{…}. The one place that knows such characters; used by the
// terminal, by the two tools of the gateway and in errors. Unicode 15:
// Default_Ignorable_Code_Point, controls, bidi controls, tags, line separators; joiners and
// variation selectors only where they do their proper work. Pure; any bytes are accepted,
// ill-formed ones become U+FFFD.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gatehouse {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
};

/// The character at `text[at]`, strictly decoded (no overlong forms, surrogates, or beyond
/// U+10FFFF); an ill-formed byte is U+FFFD of one byte. `at` is inside the text.
CodePoint code_point_at(std::string_view text, std::size_t at);

/// Whether a character shows nothing by itself or changes how others are read, wherever it stands.
bool is_hidden(char32_t code_point);

enum class Spaces {
  one_line,  ///< runs of white space become one space, none at the start and the end
  as_shown,  ///< line feeds and tabs are shown as \u{…}
  kept,      ///< line feeds and tabs stay
};
struct VisibleText {
  Spaces spaces = Spaces::as_shown;
  /// Of the original, and roughly of what is shown; what follows becomes "…".
  std::size_t max_bytes = std::string::npos;
};

/// `text` with all that is hidden in it shown.
std::string visible_text(std::string_view text, VisibleText how);

}  // namespace gatehouse
