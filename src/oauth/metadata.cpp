#include "oauth/metadata.hpp"

#include <algorithm>

#include "oauth/device.hpp"

namespace gatehouse::oauth {
namespace {

// Issuers and resources are compared as text everywhere, but paths for well-known URLs lose one
// terminating "/" first (RFC 8414 §3.1, RFC 9728 §3.1).
std::string path_without_end(const http::Url& url) {
  std::string path = url.path();
  if (path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

std::vector<std::string> protected_resource_metadata_urls(const http::Url& server) {
  const std::string base = server.origin() + "/.well-known/oauth-protected-resource";
  const std::string path = path_without_end(server);
  std::vector<std::string> urls;
  if (!path.empty()) {
    std::string url = base + path;
    if (!server.query().empty()) url += "?" + server.query();
    urls.push_back(std::move(url));
  }
  urls.push_back(base);
  return urls;
}

Result<std::vector<std::string>> authorization_server_metadata_urls(std::string_view issuer) {
  const Result<http::Url> url = http::Url::parse(issuer, "the issuer");
  if (!url) return std::unexpected(url.error());
  if (!url->query().empty()) {
    return fail(Errc::invalid_argument, "the issuer " + quote_remote(issuer) + " has a query");
  }
  const std::string origin = url->origin();
  const std::string path = path_without_end(*url);
  std::vector<std::string> urls{origin + "/.well-known/oauth-authorization-server" + path,
                                origin + "/.well-known/openid-configuration" + path};
  if (!path.empty()) urls.push_back(origin + path + "/.well-known/openid-configuration");
  return urls;
}

Result<void> check_issuer(const AuthorizationServerMetadata& metadata, std::string_view issuer) {
  if (metadata.issuer == issuer) return {};
  return fail(Errc::policy,
              "the metadata of authorization server " + quote_remote(issuer) +
                  " names another issuer: " + quote_remote(metadata.issuer),
              "the server's operator must correct it; nothing was sent there");
}

Result<void> check_pkce(const AuthorizationServerMetadata& metadata) {
  const auto& methods = metadata.code_challenge_methods_supported;
  if (methods && std::ranges::find(*methods, "S256") != methods->end()) return {};
  return fail(Errc::unsupported,
              "the authorization server " + quote_remote(metadata.issuer) +
                  (methods ? " does not offer PKCE with S256"
                           : " does not announce PKCE (code_challenge_methods_supported)"),
              "without PKCE a login can be stolen; ask the server's operator to announce S256");
}

Result<void> check_resource(std::string_view resource, const http::Url& server) {
  const auto mismatch = [&] {
    return fail(Errc::policy,
                "the server at " + server.text() +
                    " publishes metadata of another resource: " + quote_remote(resource),
                "check the URL of this connection; nothing was sent to its authorization server");
  };
  const Result<http::Url> named = http::Url::parse(resource, "the resource");
  if (!named || named->origin() != server.origin()) return mismatch();
  // A query is part of the identity: same host, other query is another server.
  if (!named->query().empty() && named->query() != server.query()) return mismatch();
  const std::string prefix = path_without_end(*named) + "/";
  const std::string path = path_without_end(server) + "/";
  if (!path.starts_with(prefix)) return mismatch();
  return {};
}

bool offers_device_grant(const AuthorizationServerMetadata& metadata) {
  if (metadata.device_authorization_endpoint.empty()) return false;
  const auto& grants = metadata.grant_types_supported;
  return grants.empty() || std::ranges::find(grants, kDeviceGrant) != grants.end();
}

AuthorizationServerMetadata default_endpoints(const http::Url& server) {
  const std::string origin = server.origin();
  return AuthorizationServerMetadata{.issuer = origin,
                                     .authorization_endpoint = origin + "/authorize",
                                     .token_endpoint = origin + "/token",
                                     .registration_endpoint = origin + "/register"};
}

}  // namespace gatehouse::oauth
