// Metadata documents of protected resources (RFC 9728) and authorization servers (RFC 8414, OpenID
// Connect Discovery), and where they are found. Pure. Texts that take part in comparisons (issuer,
// resource) are kept byte for byte and never pass through a URL type.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/url.hpp"

namespace gatehouse::oauth {

struct ProtectedResourceMetadata {
  std::string resource;  ///< byte for byte; the `resource` parameter is exactly this
  std::vector<std::string> authorization_servers;  ///< issuers, byte for byte
  std::vector<std::string> scopes_supported;
  std::string resource_name;  ///< remote text, for display
  std::string resource_documentation;
  bool dpop_bound_access_tokens_required = false;
};

struct AuthorizationServerMetadata {
  std::string issuer;  ///< byte for byte
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string registration_endpoint;          ///< empty: none
  std::string revocation_endpoint;            ///< empty: none
  std::string device_authorization_endpoint;  ///< RFC 8628; empty: none
  std::string jwks_uri;                       ///< empty: none
  std::vector<std::string> scopes_supported;
  std::vector<std::string> response_types_supported;
  std::vector<std::string> grant_types_supported;
  std::optional<std::vector<std::string>> token_endpoint_auth_methods_supported;
  std::optional<std::vector<std::string>> code_challenge_methods_supported;
  bool iss_parameter_supported = false;  ///< authorization_response_iss_parameter_supported
  bool client_id_metadata_document_supported = false;
  std::vector<std::string> dpop_signing_alg_values_supported;  ///< RFC 9449 §5.1; empty: no DPoP
};

/// Errors: parse. A document without `resource` is refused; members of another type than expected
/// count as absent.
Result<ProtectedResourceMetadata> parse_protected_resource_metadata(std::string_view body);
/// Errors: parse. Requires issuer and token_endpoint; check_endpoint() refuses an empty
/// authorization_endpoint where one is needed (RFC 8414 §2: not by every grant).
Result<AuthorizationServerMetadata> parse_authorization_server_metadata(std::string_view body);

/// Where the metadata of a server is looked for when no challenge names it, in this order
/// (RFC 9728 §3.1): the well-known name before the path, then at the root.
std::vector<std::string> protected_resource_metadata_urls(const http::Url& server);

/// Where the metadata of an issuer is looked for, in this order (RFC 8414 §3.1, §5; OpenID Connect
/// Discovery §4). An issuer with a path is never asked at its root. Errors: invalid_argument.
Result<std::vector<std::string>> authorization_server_metadata_urls(std::string_view issuer);

/// RFC 8414 §3.3: the document's issuer is, as a string, the identifier it was looked up by.
Result<void> check_issuer(const AuthorizationServerMetadata& metadata, std::string_view issuer);
/// PKCE with S256 must be announced. Errors: unsupported.
Result<void> check_pkce(const AuthorizationServerMetadata& metadata);

/// A device authorization endpoint is announced, and nothing says that the grant is not taken
/// (RFC 8628 §4; a metadata without a list of grants proves nothing).
bool offers_device_grant(const AuthorizationServerMetadata& metadata);

/// RFC 9728 §3.3: `resource` identifies the server asked: equal as a URL, or, because many deployed
/// servers publish only their origin, the same origin and a path that is a prefix by whole
/// segments. Errors: policy.
Result<void> check_resource(std::string_view resource, const http::Url& server);

/// 2025-03-26 without any metadata: /authorize, /token and /register at the server's origin.
AuthorizationServerMetadata default_endpoints(const http::Url& server);

}  // namespace gatehouse::oauth
