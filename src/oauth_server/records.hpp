// What our authorization server remembers: clients, codes and tokens. Values; secrets appear only
// as SHA-256 (hex), never as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "oauth/token.hpp"

namespace gatehouse::oauth_server {

/// How a secret, a code or a token is named in a store.
std::string hash_of(std::string_view secret);

struct Client {
  std::string id;
  std::string name;  ///< the client's own words: untrusted
  std::vector<std::string> redirect_uris;
  oauth::ClientAuthMethod auth_method = oauth::ClientAuthMethod::none;
  std::string secret_hash;     ///< empty: public client
  bool may_refresh = false;    ///< grant_types has refresh_token
  bool from_document = false;  ///< a client ID metadata document, not a registration
  SystemTime created;
};

/// What one person allowed one client at one resource. All tokens of a grant fall together.
struct Permission {
  std::string grant_id;
  std::string client_id;
  std::string subject;   ///< user id
  std::string scope;     ///< space separated
  std::string resource;  ///< RFC 8707, byte for byte
  friend bool operator==(const Permission&, const Permission&) = default;
};

/// RFC 6749 §4.1.2: short-lived, used once, bound to client, redirect URI and PKCE challenge.
struct Code {
  std::string hash;
  Permission permission;
  std::string redirect_uri;
  std::string challenge;  ///< S256
  SystemTime expires;
};

enum class TokenKind { access, refresh };

struct Token {
  std::string hash;
  TokenKind kind = TokenKind::access;
  Permission permission;
  SystemTime expires;
  bool consumed = false;  ///< refresh tokens: rotated
};

}  // namespace gatehouse::oauth_server
