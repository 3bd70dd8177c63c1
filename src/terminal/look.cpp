#include "terminal/look.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>

namespace gatehouse::terminal {
namespace {

bool contains_utf8(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
  });
  return text.find("utf-8") != std::string::npos || text.find("utf8") != std::string::npos;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// VTE drew OSC 8 links with a memory error before 0.50 (5000).
bool is_newer_vte(const std::optional<std::string>& version) {
  int number = 0;
  if (!version) return false;
  std::from_chars(version->data(), version->data() + version->size(), number);
  return number >= 5000;
}

// Others mostly swallow the sequence, but some print it: only those that are known.
bool knows_links(const Variables& variables, std::string_view term) {
  if (is_one_of(term, {"xterm-kitty", "alacritty", "foot", "foot-extra", "xterm-ghostty", "wezterm",
                       "contour"}))
    return true;
  if (term.starts_with("screen") || term.starts_with("tmux")) return false;  // by its version
  return is_one_of(variables("TERM_PROGRAM").value_or(""),
                   {"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper"}) ||
         variables("WT_SESSION") || variables("KONSOLE_VERSION") || variables("KITTY_WINDOW_ID") ||
         is_newer_vte(variables("VTE_VERSION"));
}

}  // namespace

Look find_look(const Variables& variables, bool is_terminal, Colours colours) {
  const std::string term = variables("TERM").value_or("dumb");
  Look look;
  look.live = is_terminal && term != "dumb";
  look.colour = look.live && colours == Colours::as_found && !variables("NO_COLOR");
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::optional<std::string> locale = variables(name);
    if (!locale) continue;
    look.unicode = contains_utf8(*locale);
    break;
  }
  look.links = look.live && knows_links(variables, term);
  look.remote = variables("SSH_CONNECTION") || variables("SSH_TTY");
  return look;
}

}  // namespace gatehouse::terminal
