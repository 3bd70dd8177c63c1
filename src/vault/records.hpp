// What the store keeps, as values (design §2, §6). Times are UTC. Organization and owner are
// parameters of every store call and members of every record.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/secret.hpp"
#include "http/client.hpp"

namespace gatehouse::vault {

enum class Transport { http, stdio };
enum class AuthKind {
  unknown,
  none,
  oauth,
  headers
};  ///< headers: API key or other static headers
enum class CredentialMode { shared, per_member };

struct SecretHeader {
  std::string name;
  Secret value;
};

/// OAuth settings a person gave for one connection; everything else is discovered.
struct OAuthSettings {
  std::string client_id;  ///< pre-registered client; empty: CIMD, then dynamic registration
  Secret client_secret;
  std::string
      issuer;  ///< chosen or pinned authorization server; empty: the resource names exactly one
  std::vector<std::string> scopes;  ///< asked for in addition to what discovery says
  std::uint16_t redirect_port = 0;  ///< fixed loopback port of a pre-registered client; 0: any
  std::string redirect_path = "/callback";
};

/// A configured upstream MCP server.
struct Connection {
  ConnectionId id;
  OrganizationId organization;
  std::string name;  ///< [a-z0-9][a-z0-9_-]{0,31}, unique in the organization
  Transport transport = Transport::http;
  std::string url;                                          ///< as given, byte for byte
  std::vector<std::string> command;                         ///< stdio: program and arguments
  std::vector<std::pair<std::string, Secret>> environment;  ///< stdio
  std::string directory;  ///< stdio working directory; empty: the home directory
  AuthKind auth = AuthKind::unknown;
  CredentialMode mode = CredentialMode::shared;
  std::vector<SecretHeader> headers;
  OAuthSettings oauth;
  std::vector<http::Allowance> allowances;  ///< what a person said yes to
  SystemTime created_at{};
  std::int64_t revision = 0;    ///< compare-and-set for edits
  std::string secrets_problem;  ///< why the stored secrets cannot be read; they are empty here then
};

/// One ladder everywhere (design: rule 5). "ready" is earned by an authenticated tools/list.
enum class Health {
  configured,        ///< never tried
  sign_in_required,  ///< a person must sign in
  unreachable,       ///< network, TLS or process problem
  failing,           ///< reached, but protocol or server errors
  ready,
};

struct ConnectionState {
  Health health = Health::configured;
  std::string detail;  ///< why, for people
  std::string hint;    ///< what to do
  std::optional<SystemTime> checked_at;
  std::optional<SystemTime> ready_at;  ///< last success
  std::string era;                     ///< "modern", "legacy" or empty: not probed
  std::string protocol_version;
  std::optional<SystemTime> era_at;
  std::string server_info;  ///< raw JSON of name, version, title, instructions; untrusted
};

/// The stored tool list of a connection; survives restarts, and a failed listing never empties it.
struct StoredCatalog {
  ConnectionId connection;
  std::vector<std::string> tools;    ///< each tool as raw JSON object, in the server's order
  std::vector<std::string> dropped;  ///< warnings about tools left out, each naming its tool
  SystemTime fetched_at{};
  std::int64_t ttl_ms = 0;  ///< the server's hint; 0: unknown
};

enum class RegistrationKind { preregistered, client_metadata, dynamic };

/// One organization's OAuth client at one issuer. Older ones stay while credentials refer to them.
struct Registration {
  RegistrationId id;
  OrganizationId organization;
  std::string issuer;
  RegistrationKind kind = RegistrationKind::dynamic;
  std::string client_id;
  Secret client_secret;              ///< empty: public client
  std::string auth_method = "none";  ///< none, client_secret_basic, client_secret_post
  std::vector<std::string> redirect_uris;
  std::optional<SystemTime> secret_expires_at;
  std::string registration_client_uri;  ///< RFC 7592
  Secret registration_access_token;
  SystemTime created_at{};
  std::int64_t revision = 0;  ///< compare-and-set
};

/// Whose credential: one of the organization, or a member's; `account` tells several of one person
/// apart.
struct CredentialKey {
  OrganizationId organization;
  ConnectionId connection;
  std::optional<MemberId> owner;  ///< nothing: shared
  std::string account = "default";
  friend auto operator<=>(const CredentialKey&, const CredentialKey&) = default;
};

/// What a credential was obtained for and with; it is unusable when one of these no longer matches.
struct CredentialBinding {
  std::string issuer;
  std::string resource;
  RegistrationId registration;
  std::string token_endpoint;       ///< as discovered at login; needed for refresh after a restart
  std::string revocation_endpoint;  ///< empty: none
  std::string server_url;           ///< the connection's URL at login
  friend bool operator==(const CredentialBinding&, const CredentialBinding&) = default;
};

struct TokenSet {
  Secret access_token;
  Secret refresh_token;                  ///< empty: none
  std::optional<SystemTime> expires_at;  ///< nothing: unknown, not expired
  SystemTime obtained_at{};
  std::string scope;  ///< granted, space separated
};

struct Credential {
  CredentialKey key;
  CredentialBinding binding;
  TokenSet tokens;
  std::string requested_scope;  ///< union of what was ever requested, for step-up
  std::string subject;          ///< who signed in, where the provider told; for display
  std::int64_t version = 0;     ///< each new pair
  std::int64_t epoch = 0;       ///< login, disconnect, delete, identity change
  bool sign_in_required = false;
  std::string sign_in_reason;
  int attempts =
      0;  ///< refresh attempts started with this refresh token whose outcome is not known
  std::optional<SystemTime> last_attempt_at;
};

/// One pending login. The verifier is stored encrypted, the state only as SHA-256.
struct Authorization {
  AuthorizationId id;
  CredentialKey key;
  std::string state_hash;  ///< hex of SHA-256(state)
  Secret verifier;
  CredentialBinding binding;
  std::string redirect_uri;
  std::string requested_scope;
  bool iss_advertised = false;  ///< authorization_response_iss_parameter_supported
  std::int64_t epoch = 0;       ///< of the credential when the login began
  std::string browser_hash;  ///< hex of SHA-256 of the cookie of the browser that must finish it;
                             ///< empty: terminal login
  SystemTime created_at{};
};

/// A bearer token of an agent; the token itself is shown once and kept as SHA-256.
struct AgentToken {
  TokenId id;
  OrganizationId organization;
  MemberId member;
  std::string name;
  std::string hash;  ///< hex of SHA-256 of the token
  std::vector<std::string> scopes;
  SystemTime created_at{};
  std::optional<SystemTime> expires_at;
  std::optional<SystemTime> revoked_at;
};

}  // namespace gatehouse::vault
