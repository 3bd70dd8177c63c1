// Grants that need no person: the client itself (RFC 6749 §4.4), an assertion (RFC 7523 §2.1), and
// the exchange of an ID token for an identity assertion (RFC 8693 with an ID-JAG, as the extension
// enterprise-managed-authorization has it). Requests and answers; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "http/message.hpp"
#include "oauth/token.hpp"

namespace gatehouse::oauth {

inline constexpr std::string_view kClientCredentialsGrant = "client_credentials";
inline constexpr std::string_view kJwtBearerGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
inline constexpr std::string_view kTokenExchangeGrant =
    "urn:ietf:params:oauth:grant-type:token-exchange";

/// Empty `scope` or `resource`: the parameter is omitted.
http::Request make_client_credentials_request(std::string_view token_endpoint,
                                              std::string_view scope, std::string_view resource,
                                              const ClientAuthentication& client);
/// RFC 7523 §2.1. A client without an id is not named at all: the assertion says who asks.
http::Request make_jwt_bearer_request(std::string_view token_endpoint, const Secret& assertion,
                                      std::string_view scope, std::string_view resource,
                                      const ClientAuthentication& client);

/// An ID token for an ID-JAG. `audience`: the issuer of the authorization server that will take it;
/// `resource`: the MCP server's.
struct IdentityExchange {
  Secret id_token;
  std::string audience;
  std::string resource;
  std::string scope;
};
http::Request make_identity_exchange_request(std::string_view token_endpoint,
                                             const IdentityExchange& exchange,
                                             const ClientAuthentication& client);
/// The ID-JAG (RFC 8693 §2.2.1: it comes as `access_token`, with a token type of N_A). Errors:
/// those of oauth_error() for error documents whatever the status, of describe_failure(); protocol
/// when what was issued is of another type.
Result<Secret> parse_identity_exchange(int status, std::string_view body);

/// `exp` of a JWT, unverified: only to know whether sending it makes sense. Nothing when it has
/// none or is no JWT.
std::optional<SystemTime> jwt_expiry(std::string_view jwt);

}  // namespace gatehouse::oauth
