// Any text as agent token: what is accepted has the one shape and its checksum, and no accepted
// token stays accepted when a character changes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "identity/agent_token.hpp"

namespace {

using namespace gatehouse::identity;

void require(bool condition) {
  if (!condition) std::abort();
}

void check(std::string_view text) {
  const auto checked = check_agent_token(text);
  if (checked) {
    require(text.size() == kAgentTokenSize && text.starts_with(kAgentTokenPrefix));
  } else {
    const bool like_one = text.starts_with(kAgentTokenPrefix);
    require(!like_one || checked.error().detail.find(text) == std::string::npos);
  }
  require(hash_of_agent_token(text).size() == 64);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  check(text);
  // A real token with one character replaced: by itself, or refused.
  static const NewAgentToken token = make_agent_token();
  if (size < 2) return 0;
  std::string changed(token.text.reveal());
  changed[data[0] % changed.size()] = static_cast<char>(data[1]);
  require(looks_like_agent_token(changed) == (changed == token.text.reveal()));
  return 0;
}
