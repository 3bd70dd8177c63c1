// Any bytes as WWW-Authenticate values (split at line feeds): reading ends, stays within its
// bounds, and what it gives back has lower-case names.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.hpp"
#include "oauth/challenge.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> values;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    values.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  const auto challenges = gatehouse::oauth::parse_challenges(std::span<const std::string>(values));
  require(challenges.size() <= 32);
  for (const auto& challenge : challenges) {
    require(!challenge.scheme.empty());
    require(challenge.scheme == gatehouse::ascii_lower(challenge.scheme));
    require(challenge.parameters.size() <= 64);
    for (const auto& [name, value] : challenge.parameters) {
      require(!name.empty() && name == gatehouse::ascii_lower(name));
      require(challenge.find(name).has_value());
    }
  }
  (void)gatehouse::oauth::find_bearer(challenges);
  return 0;
}
