// Any bytes as keys of a terminal and as remote text on it: a line stays bounded and holds no
// control characters, whatever pieces the bytes come in, and what is shown obeys nothing.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/line_editor.hpp"
#include "terminal/text.hpp"

namespace {

using namespace gatehouse;

void require(bool condition) {
  if (!condition) std::abort();
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

void type(std::string_view keys, std::size_t piece) {
  constexpr std::size_t kLongest = 64;
  net::LineEditor editor(kLongest);
  editor.watch_keys("oq");
  while (!keys.empty()) {
    std::string_view now = keys.substr(0, piece);
    keys.remove_prefix(now.size());
    while (!now.empty()) {
      std::string echo;
      const auto event = editor.feed(now, echo);
      if (!event) continue;
      require(event->text.size() <= kLongest && !has_control(event->text));
      if (event->kind == net::TerminalEvent::Kind::key)
        require(event->text == "o" || event->text == "q");
    }
    require(editor.line().size() <= kLongest && !has_control(editor.line()));
    if (editor.escape_pending() && piece % 2 == 0) (void)editor.resolve_escape();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::size_t piece : {1UL, 2UL, 7UL, 4096UL}) type(text, piece);
  const std::string shown = terminal::printable_bounded(text, 100);
  require(!has_control(shown));
  for (const std::string& line : terminal::wrap(shown, 10))
    require(terminal::display_width(line) <= 10);
  require(terminal::display_width(terminal::cut_to_width(shown, 10)) <= 10);
  return 0;
}
