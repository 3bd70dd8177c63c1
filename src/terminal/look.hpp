// Look: what a terminal can show, from its environment. Everything that is drawn asks this and
// nothing else, so that NO_COLOR, a dumb terminal and an ASCII locale hold everywhere. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::terminal {

struct Look {
  bool live = false;     ///< lines can be redrawn in place: a terminal that knows cursor movement
  bool colour = false;   ///< SGR sequences
  bool unicode = false;  ///< characters beyond ASCII
  bool links = false;    ///< OSC 8: only terminals known to understand it
  bool remote = false;   ///< at the other end of SSH
};

struct Size {
  std::size_t columns = 80;
  std::size_t rows = 24;
  friend bool operator==(const Size&, const Size&) = default;
};

enum class Colours { as_found, none };  ///< none: --no-color

/// Looks a variable up; nothing when it is unset or empty.
using Variables = std::function<std::optional<std::string>(const char* name)>;

/// `is_terminal`: whether what is written to is one. NO_COLOR as in no-color.org, TERM=dumb, the
/// locale from LC_ALL, LC_CTYPE and LANG.
Look find_look(const Variables& variables, bool is_terminal, Colours colours);

}  // namespace gatehouse::terminal
