#include "config/relaxed_json.hpp"

#include <algorithm>

namespace gatehouse::config {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Where the string that begins at `start` ends: behind its closing quote.
std::size_t string_end(std::string_view text, std::size_t start) {
  for (std::size_t i = start + 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      return i + 1;
  }
  return text.size();
}

std::size_t comment_end(std::string_view text, std::size_t start) {
  if (text[start + 1] == '/') return std::min(text.find('\n', start), text.size());
  const std::size_t end = text.find("*/", start + 2);
  return end == std::string_view::npos ? text.size() : end + 2;
}

}  // namespace

std::string to_plain_json(std::string_view text) {
  std::string out(text);
  const auto blank = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i)
      if (!is_space(out[i])) out[i] = ' ';
  };
  std::size_t at = 0;
  if (text.starts_with("\xEF\xBB\xBF")) blank(0, at = 3);
  std::size_t comma = std::string::npos;  // the last thing seen, if it was one
  while (at < text.size()) {
    const char c = text[at];
    const bool comment =
        c == '/' && at + 1 < text.size() && (text[at + 1] == '/' || text[at + 1] == '*');
    if (comment) {
      const std::size_t end = comment_end(text, at);
      blank(at, end);
      at = end;
    } else if (c == '"') {
      comma = std::string::npos;
      at = string_end(text, at);
    } else {
      if ((c == ']' || c == '}') && comma != std::string::npos) out[comma] = ' ';
      if (c == ',')
        comma = at;
      else if (!is_space(c))
        comma = std::string::npos;
      ++at;
    }
  }
  return out;
}

int line_at(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  return 1 + static_cast<int>(std::ranges::count(before, '\n'));
}

}  // namespace gatehouse::config
