// Discovery: finds out how an MCP server wants to be authenticated to, and says how it knows
// (RFC 9728, RFC 8414, OpenID Connect Discovery, 2025-03-26 fallback). Called by `gatehouse add`,
// by login and after a 401. Nothing is stored here. A bare 401 never proves OAuth and a public
// answer never disproves it: only metadata decides.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"
#include "http/client.hpp"
#include "oauth/metadata.hpp"
#include "vault/records.hpp"

namespace gatehouse::oauth_client {

enum class Finding {
  oauth,    ///< metadata says so
  headers,  ///< asks for credentials in a way that is not OAuth: an API key or the like
  none,     ///< lists its tools to everybody and publishes no OAuth metadata
  unknown,  ///< not decided: see `problem` and the steps
};
std::string_view to_string(Finding finding);

/// One request that was made and what follows from its answer; for people.
struct DiscoveryStep {
  std::string url;
  int status = 0;  ///< 0: no answer
  std::string conclusion;
};

struct Discovery {
  Finding finding = Finding::unknown;
  std::string summary;  ///< one sentence: what and why
  std::vector<DiscoveryStep> steps;

  std::optional<oauth::ProtectedResourceMetadata> resource_metadata;
  std::string resource;              ///< exactly what to send as `resource`
  std::string challenge_scope;       ///< from the 401 or 403; empty when absent
  bool challenged_for_dpop = false;  ///< a challenge had the scheme DPoP (RFC 9449 §7.1)
  /// Issuers to choose from; more than one and no `server`: the person chooses, then discover again
  /// with `issuer` set.
  std::vector<std::string> issuers;
  /// The authorization server to use. Set with finding oauth, or with `guessed_endpoints`.
  std::optional<oauth::AuthorizationServerMetadata> server;
  /// `server` holds the default endpoints of 2025-03-26: nothing is published; a login may be tried
  /// and decides.
  bool guessed_endpoints = false;
  /// Why it stopped short: resource or issuer mismatch, no metadata, no PKCE, unreachable, blocked.
  std::optional<Error> problem;
  /// With problem blocked_address: what a person could allow to go on.
  std::optional<http::Allowance> missing_allowance;
};

struct DiscoveryRequest {
  std::string server_url;
  /// WWW-Authenticate values of a 401 or 403 that the server gave already. Nothing: the server is
  /// probed without credentials first.
  std::optional<std::vector<std::string>> challenges;
  std::string issuer;  ///< chosen or pinned; empty: the resource must name exactly one
  std::vector<http::Allowance> allowances;
  vault::Role role = vault::Role::server;  ///< identity_provider: server_url is its issuer
  /// What the metadata is wanted for: only a person's browser needs PKCE and an authorization
  /// endpoint.
  vault::Grant grant = vault::Grant::authorization_code;
  std::string connection = {};  ///< its name, for hints; empty: they say NAME
};

/// The request that a stored connection stands for. `issuer`: the person's choice; empty: the
/// connection's setting.
DiscoveryRequest discovery_request(const vault::Connection& connection, std::string issuer = {});

/// Errors: invalid_argument (the server URL), cancelled. Everything else is told in the Discovery.
/// `client` must outlive the call.
Task<Result<Discovery>> discover(DiscoveryRequest request, http::Client& client);

/// A login by browser needs PKCE with S256 and a usable authorization endpoint. Errors:
/// unsupported, policy.
Result<void> check_browser_login(const oauth::AuthorizationServerMetadata& server);

/// Discovery::server, or the error that says why there is none: Discovery::problem, a choice
/// between issuers (invalid_argument), or a server that does not use OAuth (unsupported).
Result<oauth::AuthorizationServerMetadata> require_server(const Discovery& discovery);

}  // namespace gatehouse::oauth_client
