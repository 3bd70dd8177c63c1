// JSON as people keep it in configuration files: with comments and trailing commas, as VS Code and
// others read it. Made plain here, byte for byte in place, so that positions stay what they were.
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::config {

/// `text` with comments (`//…`, `/*…*/`), a byte order mark and commas before a closing bracket
/// replaced by blanks; line ends stay. Of the same length. What is not JSON otherwise is left for
/// the parser to refuse; an open comment runs to the end.
std::string to_plain_json(std::string_view text);

/// The line of the byte at `offset`, counted from 1.
int line_at(std::string_view text, std::size_t offset);

}  // namespace gatehouse::config
