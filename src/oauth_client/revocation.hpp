// Token revocation (RFC 7009): best effort, with a report. Used at logout and for answers that came
// too late to be kept.
#pragma once

#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "http/client.hpp"
#include "oauth/token.hpp"
#include "vault/records.hpp"

namespace gatehouse::oauth_client {

enum class Revoked {
  yes,          ///< the server confirmed
  unsupported,  ///< it has no revocation endpoint
  failed,       ///< it could not be reached or refused; the tokens live until they expire
  nothing,      ///< there were no tokens
};

struct RevocationReport {
  Revoked outcome = Revoked::nothing;
  std::string detail;  ///< for people
};

/// Revokes the refresh token, or the access token where there is none. Never an Error: a failed
/// revocation does not undo a logout. `client` and `clock` must outlive the call.
Task<RevocationReport> revoke(vault::TokenSet tokens, std::string revocation_endpoint,
                              oauth::ClientAuthentication client_auth,
                              std::vector<http::Allowance> allowances, http::Client& client,
                              const Clock& clock);

}  // namespace gatehouse::oauth_client
