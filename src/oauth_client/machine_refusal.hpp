// What a refused machine grant means for people: the server's words stay, and the hint says who
// must act and how. Nobody is ever sent to a sign-in page by it. Pure.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "vault/records.hpp"

namespace gatehouse::oauth_client {

/// `settings` (with its references read) still describe this client.
bool is_client_of(const vault::Registration& registration, const vault::OAuthSettings& settings);

/// The authorization server `issuer` refused the token request. Transient errors pass unchanged.
Error explain_refusal(Error error, const vault::Connection& connection, std::string_view issuer);

/// The identity provider refused to vouch.
Error explain_exchange_refusal(Error error, const vault::Connection& provider,
                               const vault::Connection& connection);

}  // namespace gatehouse::oauth_client
