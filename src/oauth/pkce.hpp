// PKCE (RFC 7636, S256 only) and state. The verifier never leaves the store except in the token
// request.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace gatehouse::oauth {

/// 32 random bytes as 43 characters of base64url (RFC 7636 §4.1).
Secret make_verifier();
/// BASE64URL(SHA-256(verifier)).
std::string s256_challenge(std::string_view verifier);
/// 32 random bytes as base64url.
std::string make_state();
/// Hex of SHA-256: what is stored of a state or of a browser's cookie.
std::string hash_state(std::string_view state);

}  // namespace gatehouse::oauth
