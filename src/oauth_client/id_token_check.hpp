// The ID token of a login at an identity provider, checked against the keys that the provider
// publishes (OpenID Connect Core §3.1.3.7). Called by Login before such a login is stored.
#pragma once

#include <string>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "http/client.hpp"
#include "oauth/id_token.hpp"
#include "vault/records.hpp"

namespace gatehouse::oauth_client {

struct IdTokenQuestion {
  vault::Connection provider;
  std::string client_id;
  std::string nonce;  ///< as sent; empty: none
  Secret token;
};

/// Errors: protocol (no ID token came), those of discovery and of oauth::verify_id_token, with what
/// to do. `client` and `clock` must outlive the call.
Task<Result<oauth::IdToken>> check_id_token(IdTokenQuestion question, http::Client& client,
                                            const Clock& clock);

}  // namespace gatehouse::oauth_client
