// Making tokens and telling about them (RFC 6749 §5.1). Used by both grants.
#pragma once

#include <string>

#include "oauth_server/context.hpp"

namespace gatehouse::oauth_server {

/// New opaque tokens of one grant, as text for the client and as records for the store.
struct TokenPair {
  std::string access_text;
  std::string refresh_text;
  Token access;
  Token refresh;
};

TokenPair make_token_pair(const Context& context, const Permission& permission);

/// The body of a token answer. `refresh_text` empty: none was issued.
std::string describe_tokens(const Context& context, const std::string& access_text,
                            const std::string& refresh_text, const std::string& scope);

}  // namespace gatehouse::oauth_server
