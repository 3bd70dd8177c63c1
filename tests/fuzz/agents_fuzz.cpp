// Other agents' configuration files: translated, read, edited. First byte: the format.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agents/installation.hpp"
#include "agents/translation.hpp"
#include "config/mcp_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  if (size == 0) return 0;
  const auto format = static_cast<agents::Format>(data[0] % 6);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (const auto translated = agents::translate(format, text))
    (void)config::parse_mcp_json(translated->json, {"/work", "/home/a"});
  const agents::Launch launch{"/usr/bin/gatehouse", {"stdio"}};
  if (const auto added = agents::add_gatehouse(format, text, launch)) {
    const auto again = agents::add_gatehouse(format, *added, launch);
    if (!again || *again != *added) std::abort();
    const auto removed = agents::remove_gatehouse(format, *added);
    if (removed && agents::remove_gatehouse(format, *removed).value_or("") != *removed)
      std::abort();
  }
  return 0;
}
