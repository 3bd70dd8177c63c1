// Placeholders: what parses is written back to a text that parses to the same pieces, escaping is
// exact, and the placeholders of other programs become ours or an error.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/file_placeholders.hpp"
#include "config/placeholder.hpp"

using namespace gatehouse;
using namespace gatehouse::config;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const Result<Template>& parsed) {
  if (!parsed) return;
  std::size_t placeholders = 0;
  for (std::size_t i = 0; i < parsed->pieces.size(); ++i) {
    const Piece& piece = parsed->pieces[i];
    if (piece.source != Source::literal)
      ++placeholders;
    else
      require(!piece.text.empty());
    require(i == 0 || piece.source != Source::literal ||
            parsed->pieces[i - 1].source != Source::literal);
    require((piece.source == Source::command) == !piece.argv.empty());
    require(!describe(piece).empty());
  }
  require(placeholders <= kPlaceholders);
  const Result<Template> again = parse_template(to_text(*parsed));
  require(again && again->pieces == parsed->pieces);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(parse_template(text));
  check(parse_file_text(text, {"/work/pro$ject", "/home/ada"}));
  if (size * 2 < kTemplateBytes) {
    const Result<Template> escaped = parse_template(escape(text));
    require(escaped && escaped->is_literal() && escaped->literal() == text);
  }
  (void)split_words(text);
  return 0;
}
