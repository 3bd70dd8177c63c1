// Requests to and answers of the token and revocation endpoints (RFC 6749 §4.1.3, §5, §6; RFC 7009;
// RFC 8707), and client authentication (§2.3.1; by assertion: client_assertion.hpp). Pure; answers
// are read by shape, since providers differ (Slack answers errors with 200, Google omits refresh
// tokens).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/encoding.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "http/message.hpp"
#include "oauth/jose.hpp"

namespace gatehouse::oauth {

enum class ClientAuthMethod { none, client_secret_basic, client_secret_post, private_key_jwt };

std::string_view to_string(ClientAuthMethod method);
/// Nothing for methods we cannot perform.
std::optional<ClientAuthMethod> parse_auth_method(std::string_view name);

struct ClientAuthentication {
  std::string client_id;
  Secret client_secret;
  ClientAuthMethod method = ClientAuthMethod::none;
  std::optional<JoseKey> key;  ///< private_key_jwt: what assertions are signed with
  std::string key_id;          ///< private_key_jwt: their `kid`; empty: none
  std::string audience;        ///< private_key_jwt: their `aud`, the issuer
};

/// An `application/x-www-form-urlencoded` POST with the client's authentication: basic encodes id
/// and secret by form rules first (RFC 6749 §2.3.1), the others put client_id in the body. The
/// assertion of private_key_jwt is not in it yet: authenticate() adds it to what is sent.
http::Request make_form_request(std::string_view endpoint, FormFields fields,
                                const ClientAuthentication& client);

http::Request make_code_request(std::string_view token_endpoint, std::string_view code,
                                const Secret& verifier, std::string_view redirect_uri,
                                std::string_view resource, const ClientAuthentication& client);
http::Request make_refresh_request(std::string_view token_endpoint, const Secret& refresh_token,
                                   std::string_view resource, const ClientAuthentication& client);
/// RFC 7009 §2.1. `hint`: "refresh_token" or "access_token".
http::Request make_revocation_request(std::string_view revocation_endpoint, const Secret& token,
                                      std::string_view hint, const ClientAuthentication& client);

struct TokenResponse {
  Secret access_token;
  Secret refresh_token;                            ///< empty: none given
  std::optional<std::chrono::seconds> expires_in;  ///< nothing: unknown
  std::optional<std::string> scope;                ///< nothing: as requested (RFC 6749 §5.1)
  std::string token_type;                          ///< as given; empty when absent
  Secret id_token;                                 ///< as given, not verified; empty: none
  std::string id_token_subject;  ///< `sub`, e-mail or name from an ID token, for display only
};

/// Whether the request came with a DPoP proof (RFC 9449 §5).
enum class Proof { none, sent };

/// The longest life we believe; larger numbers are taken as this.
inline constexpr std::chrono::seconds kLongestTokenLife = std::chrono::hours(24 * 365 * 10);

/// Errors: those of oauth_error() for error documents whatever the status; server_error for 5xx;
/// rate_limited for 429; protocol for a 200 that is neither tokens nor an error; unsupported for
/// token types that need a proof of possession that was not given (DPoP without `sent`, mac).
Result<TokenResponse> parse_token_response(int status, std::string_view body,
                                           Proof proof = Proof::none);

/// What such a token is sent with: "DPoP" or, whatever else the server calls it, "Bearer".
std::string_view token_scheme(const TokenResponse& response);

/// An error document (RFC 6749 §5.2).
struct OAuthError {
  std::string error;
  std::string error_description;
  std::string error_uri;
};

/// Nothing when `body` has no `error` member (nor Slack's `ok: false`).
std::optional<OAuthError> parse_error_document(std::string_view body);

/// invalid_grant → invalid_grant; invalid_client, unauthorized_client → invalid_client;
/// insufficient_scope → insufficient_scope; temporarily_unavailable, server_error → server_error;
/// slow_down → rate_limited; everything else → rejected. `who` names the endpoint in the detail;
/// remote text is quoted and bounded.
Error oauth_error(const OAuthError& error, std::string_view who);

/// The Error for an answer that is not 2xx: the OAuth error document if there is one, else by
/// status.
Error describe_failure(int status, std::string_view body, std::string_view who);

}  // namespace gatehouse::oauth
