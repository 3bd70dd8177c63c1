// Text for terminals: what it takes on the screen, and remote text made safe to show there. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::terminal {

/// Columns a terminal needs for the text (UTF-8): combining marks take none, East Asian wide
/// characters and emoji two.
std::size_t display_width(std::string_view text);

/// At most `columns` wide, ending in "…" when something was cut.
std::string cut_to_width(std::string_view text, std::size_t columns);

/// Lines of at most `columns` (at least 1), broken at spaces where possible.
std::vector<std::string> wrap(std::string_view text, std::size_t columns);

/// Remote text for a terminal on one line: control and invisible characters become \u{…}.
std::string printable(std::string_view text);
/// The same, but line feeds and tabs stay.
std::string printable_block(std::string_view text);

/// printable(), of at most `max_bytes` of the original; what follows becomes "…".
std::string printable_bounded(std::string_view text, std::size_t max_bytes);

}  // namespace gatehouse::terminal
