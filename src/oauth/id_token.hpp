// Verifying ID tokens (OpenID Connect Core §3.1.3.7) against the issuer's published keys. Pure; who
// calls it fetches the keys, and fetches them anew once when a key id is not among them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace gatehouse::oauth {

struct IdTokenExpectation {
  std::string issuer;     ///< exactly (§3.1.3.7 no. 2)
  std::string client_id;  ///< must be an audience, and the authorized party where one is named
  std::string nonce;      ///< as sent; empty: none was sent, and any is accepted
  SystemTime now{};
  std::chrono::seconds skew = std::chrono::seconds(60);  ///< two clocks may differ by
};

struct IdToken {
  std::string subject;  ///< `sub`
  std::string display;  ///< e-mail, preferred_username, name or sub; remote text
  SystemTime expires_at{};
};

/// Errors: parse (not a JWT, claims of other types than they must have), unsupported (algorithm),
/// not_found (signed with a key that is not in `jwks`: it may be newer), policy (signature, issuer,
/// audience, expiry, not yet valid, nonce; the detail names the claim).
Result<IdToken> verify_id_token(std::string_view token, std::string_view jwks,
                                const IdTokenExpectation& expected);

}  // namespace gatehouse::oauth
