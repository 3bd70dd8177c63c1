// Two definitions of a tool: digests are stable, a difference is found exactly where digests
// differ, and what is shown of either hides nothing. Input: a definition, a zero byte, another one.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/visible_text.hpp"
#include "catalog/definition.hpp"
#include "jsonrpc/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view first = text.substr(0, text.find('\0'));
  const std::string_view second = first.size() < size ? text.substr(first.size() + 1) : "{}";
  const std::string shown = visible_text(text, {.max_bytes = 200});
  for (std::size_t at = 0; at < shown.size(); at += code_point_at(shown, at).bytes)
    if (static_cast<unsigned char>(shown[at]) < 0x20) std::abort();
  (void)catalog::diff_words(first, second);
  const auto before = jsonrpc::JsonView::parse(first);
  const auto after = jsonrpc::JsonView::parse(second);
  if (!before || !after || !before->is_object() || !after->is_object()) return 0;
  const bool same =
      catalog::digest_of_definition(before->raw()) == catalog::digest_of_definition(after->raw());
  if (same != catalog::diff_definitions(before->raw(), after->raw()).empty()) std::abort();
  return 0;
}
