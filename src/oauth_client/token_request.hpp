// The one way to a token, device authorization or revocation endpoint: adds what must be new in
// every request, the client's assertion (RFC 7523) and the proof of possession (RFC 9449), and
// repeats once with the nonce that the server asks for, once as JSON where a server reads no forms,
// and once without a `resource` or `scope` that it refuses on refresh. Used by Login, DeviceLogin,
// Refresher, MachineGrants and revoke().
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "http/client.hpp"
#include "oauth/dpop.hpp"
#include "oauth/token.hpp"
#include "oauth_client/discovery.hpp"

namespace gatehouse::oauth_client {

struct TokenRequest {
  http::Request request;               ///< of an oauth::make_…_request()
  oauth::ClientAuthentication client;  ///< the one it was made with
  std::optional<oauth::JoseKey> key;   ///< what tokens are bound to; nothing: no proof
  std::vector<http::Allowance> allowances;
  /// Of all tries together.
  std::chrono::milliseconds timeout = limits::kTokenRequestTimeout;
};

/// Errors: http::Client's; those of signing (invalid_argument, bug). A refusal for want of a nonce
/// or of the form is repeated only while time is left, else it is the answer. `client`, `clock` and
/// `nonces` must outlive the call.
Task<Result<http::Reply>> send_token_request(TokenRequest request, http::Client& client,
                                             const Clock& clock, oauth::DpopNonces& nonces);

/// Whether tokens of a connection are to be bound to a key of ours: where its setting says so, and
/// automatically where the server demands it. Errors: unsupported (required, but the authorization
/// server takes no proofs that we can make).
Result<bool> wants_proof(vault::Dpop setting, const Discovery& discovery);

/// A token came back for a request with a proof. Errors: unsupported when proof is required and the
/// server issued a token that needs none.
Result<void> check_bound(vault::Dpop setting, const oauth::TokenResponse& response);

}  // namespace gatehouse::oauth_client
