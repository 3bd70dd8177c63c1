#include "oauth/pkce.hpp"

#include "base/encoding.hpp"
#include "base/random.hpp"

namespace gatehouse::oauth {

Secret make_verifier() {
  return Secret(random_token(32));
}

std::string s256_challenge(std::string_view verifier) {
  return base64url_encode(sha256(verifier));
}

std::string make_state() {
  return random_token(32);
}

std::string hash_state(std::string_view state) {
  return hex_encode(sha256(state));
}

}  // namespace gatehouse::oauth
