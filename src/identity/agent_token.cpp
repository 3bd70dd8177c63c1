#include "identity/agent_token.hpp"

#include "base/encoding.hpp"
#include "base/random.hpp"

namespace gatehouse::identity {
namespace {

constexpr std::size_t kBodySize = 43;
constexpr std::size_t kChecksumSize = 6;

std::string checksum(std::string_view body) {
  return base64url_encode(sha256(body).substr(0, 4));
}

}  // namespace

NewAgentToken make_agent_token() {
  const std::string body = std::string(kAgentTokenPrefix) + random_token(32);
  NewAgentToken token;
  token.text = Secret(body + checksum(body));
  token.hash = hash_of_agent_token(token.text.reveal());
  return token;
}

bool looks_like_agent_token(std::string_view text) {
  if (text.size() != kAgentTokenPrefix.size() + kBodySize + kChecksumSize ||
      !text.starts_with(kAgentTokenPrefix))
    return false;
  const std::string_view body = text.substr(0, text.size() - kChecksumSize);
  return checksum(body) == text.substr(body.size());
}

std::string hash_of_agent_token(std::string_view text) {
  return hex_encode(sha256(text));
}

}  // namespace gatehouse::identity
