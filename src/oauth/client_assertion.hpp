// Client authentication by signed assertions, private_key_jwt (RFC 7523 §2.2, §3; OpenID Connect
// Core §9). An assertion is made for one request and never used again: its `jti` is new each time.
// Used by oauth_client/token_request.cpp.
#pragma once

#include <chrono>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "oauth/token.hpp"

namespace gatehouse::oauth {

/// How long an assertion can be used: for one request, and for clocks that differ a little.
inline constexpr std::chrono::seconds kAssertionLife = std::chrono::seconds(120);

/// `iss` and `sub` are the client's id, `aud` is ClientAuthentication::audience. Errors:
/// invalid_argument (no private key), bug.
Result<Secret> make_client_assertion(const ClientAuthentication& client, SystemTime now);

/// Adds the assertion to a form request of token.hpp; does nothing for other methods of
/// authentication. Errors: as make_client_assertion().
Result<void> authenticate(http::Request& request, const ClientAuthentication& client,
                          SystemTime now);

}  // namespace gatehouse::oauth
