// The authorization request URL, the callback, and the RFC 9207 issuer check. Pure. The order of
// checks is the caller's duty and the types help: state first, then issuer, and only then is the
// error shown or the code sent anywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gatehouse::oauth {

struct AuthorizationRequest {
  std::string authorization_endpoint;
  std::string client_id;
  std::string redirect_uri;
  std::string state;
  std::string code_challenge;  ///< S256
  std::string resource;        ///< byte for byte
  std::string scope;           ///< empty: the parameter is omitted
  std::string nonce;           ///< OpenID Connect; empty: the parameter is omitted
};

/// The URL to open in a browser. Query parameters that the endpoint already has are kept (RFC 6749
/// §3.1). Errors: policy when the endpoint is neither https nor http on loopback; it comes from a
/// fetched document and is hostile until checked.
Result<std::string> make_authorization_url(const AuthorizationRequest& request);

/// Whether a URL from a fetched document may be opened or posted to: https, or http on loopback.
Result<void> check_endpoint(std::string_view url, std::string_view what);

/// The parameters of an authorization response. Remote text throughout.
struct Callback {
  std::string state;
  std::string code;
  std::string error;
  std::string error_description;
  std::string error_uri;
  std::optional<std::string> iss;
};

/// Reads a full URL, an origin-form target ("/callback?…") or a bare query; white space around a
/// pasted text is dropped. Errors: parse (malformed escapes, a parameter given twice, neither code
/// nor error, no state).
Result<Callback> parse_callback(std::string_view text);

/// RFC 9207 §2.4. Errors: policy; the detail never repeats error texts of the response.
Result<void> check_callback_issuer(const std::optional<std::string>& iss,
                                   std::string_view recorded_issuer, bool advertised);

/// The Error for a callback that carries `error`: access_denied → rejected, and so on. Call after
/// the state and issuer checks only.
Error authorization_error(const Callback& callback);

}  // namespace gatehouse::oauth
