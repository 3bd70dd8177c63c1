// What the store keeps, as values (design §2, §6). Times are UTC. Organization and owner are
// parameters of every store call and members of every record.
#pragma once

#include <chrono>
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

/// A header or an environment variable: its value as kept here, or where to read it each time it is
/// needed.
struct NamedSecret {
  std::string name;
  Secret value;           ///< empty with a reference
  std::string reference;  ///< a text with "${env:NAME}", "${file:PATH}", "${command:…}" or
                          ///< "${keyring:…}" in it; empty: none
};

/// How access tokens are obtained.
enum class Grant {
  authorization_code,  ///< a person signs in: browser, paste or device (RFC 6749 §4.1, RFC 8628)
  client_credentials,  ///< the client itself (RFC 6749 §4.4)
  jwt_bearer,          ///< a workload's own assertion (RFC 7523 §2.1)
  identity_assertion,  ///< enterprise-managed: an ID-JAG from an identity provider
};
/// Proof of possession (RFC 9449).
enum class Dpop {
  automatic,  ///< where the server asks for it
  required,
  never,
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
  /// Exactly what is registered, when it is not on this machine's loopback: the answer comes back
  /// by paste. Empty: a loopback address with the port and path above.
  std::string redirect_uri;
  Grant grant = Grant::authorization_code;
  std::string auth_method;  ///< at the token endpoint; empty: what server and client have in common
  std::string client_secret_reference;  ///< like NamedSecret::reference; empty: client_secret
  Secret private_key;                   ///< PEM (PKCS #8), for private_key_jwt
  std::string private_key_reference;    ///< like NamedSecret::reference; empty: private_key
  std::string signing_algorithm;        ///< ES256, RS256, PS256 or EdDSA; empty: by the key
  std::string key_id;                   ///< `kid` of client assertions; empty: none
  std::string
      assertion_reference;        ///< jwt_bearer: where the workload's JWT is read at each request
  std::string identity_provider;  ///< identity_assertion: name of that connection
  Dpop dpop = Dpop::automatic;
};

/// Globs over tool names; exclude wins. An empty include means all.
struct ToolFilter {
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  friend bool operator==(const ToolFilter&, const ToolFilter&) = default;
};

/// What happens when a server describes a tool otherwise than it was accepted, or offers a new one.
enum class OnChange {
  allow,  ///< recorded and shown
  block,  ///< and not to be used until a person approves it
};

/// How a connection is used. Nothing: the built-in value (limits.hpp).
struct ConnectionOptions {
  bool enabled = true;
  ToolFilter tools;
  std::optional<std::chrono::milliseconds> connect_timeout;
  std::optional<std::chrono::milliseconds> request_timeout;
  std::optional<std::chrono::milliseconds> idle_timeout;  ///< 0: never closed for being idle
  std::optional<int> read_retries;                        ///< of tools that only read
  std::vector<std::string> roots;                         ///< absolute directories
  std::string log_level;                                  ///< asked of the server; empty: not asked
  OnChange on_change = OnChange::allow;
  friend bool operator==(const ConnectionOptions&, const ConnectionOptions&) = default;
};

/// What a connection leads to.
enum class Role {
  server,             ///< an MCP server
  identity_provider,  ///< an OpenID provider whose logins are exchanged for access (ID-JAG); its
                      ///< `url` is the issuer
};

/// A configured upstream MCP server.
struct Connection {
  ConnectionId id;
  OrganizationId organization;
  std::string name;  ///< [a-z0-9][a-z0-9_-]{0,31}, unique in the organization
  Transport transport = Transport::http;
  std::string url;                       ///< as given, byte for byte
  std::vector<std::string> command;      ///< stdio: program and arguments
  std::vector<NamedSecret> environment;  ///< stdio
  std::string directory;                 ///< stdio working directory; empty: the home directory
  AuthKind auth = AuthKind::unknown;
  CredentialMode mode = CredentialMode::shared;
  std::vector<NamedSecret> headers;
  OAuthSettings oauth;
  ConnectionOptions options;
  Role role = Role::server;
  std::string preset;  ///< the built-in description it was made from; empty: none
  std::string default_account = "default";  ///< CredentialKey::account that agents and commands use
  /// The configuration file it comes from (absolute path); empty: it lives in the store alone.
  std::string origin;
  std::string origin_digest;                       ///< of what the file says about it, as approved
  std::optional<SystemTime> origin_missing_since;  ///< the file does not name it any more
  std::vector<http::Allowance> allowances;         ///< what a person said yes to
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

/// ConnectionState::era of a server that only speaks HTTP+SSE of 2024-11-05.
inline constexpr std::string_view kHttpWithSse = "http+sse";

struct ConnectionState {
  Health health = Health::configured;
  std::string detail;  ///< why, for people
  std::string hint;    ///< what to do
  std::optional<SystemTime> checked_at;
  std::optional<SystemTime> ready_at;  ///< last success
  std::string era;  ///< "modern", "legacy", kHttpWithSse (legacy too) or empty: not probed
  std::string protocol_version;
  std::optional<SystemTime> era_at;
  std::string server_info;  ///< raw JSON of name, version, title, instructions; untrusted
};

/// What a connection's server lists; survives restarts, and a failed listing never empties it. Each
/// entry is a raw JSON object, in the server's order.
struct StoredCatalog {
  ConnectionId connection;
  std::optional<MemberId> owner = {};  ///< whose list it is; nothing: everybody's
  std::vector<std::string> tools = {};
  std::vector<std::string> prompts = {};
  std::vector<std::string> resources = {};
  std::vector<std::string> templates = {};  ///< of resources
  std::vector<std::string> dropped = {};    ///< warnings about what was left out, each naming it
  SystemTime fetched_at{};
  std::int64_t ttl_ms = 0;  ///< the server's hint for the shortest of its lists; 0: none
};

/// A capability as it was accepted, and as its server describes it now where that differs. Whose:
/// the member's where each has an own credential, else everybody's.
struct Pin {
  std::string kind;              ///< "tool"
  std::string name;              ///< as its server knows it
  std::string digest;            ///< of `definition`; empty: nothing was accepted yet
  std::string definition;        ///< raw JSON object
  SystemTime pinned_at{};        ///< when it was accepted: first seen, or approved
  std::string found_digest;      ///< empty: nothing waits
  std::string found_definition;  ///< what waits for approval
  std::optional<SystemTime> found_at;
  bool waits() const { return !found_digest.empty(); }
};

/// One change of a pin; not made when the row is not (or no longer) what it was computed from.
struct PinChange {
  enum class What { add, replace, erase };
  What what = What::add;
  Pin pin;
  std::string was_digest;        ///< replace, erase
  std::string was_found_digest;  ///< replace, erase
};
struct PinChanges {
  std::optional<MemberId> owner = {};
  std::vector<PinChange> changes = {};
};

enum class RegistrationKind { preregistered, client_metadata, dynamic };

/// One organization's OAuth client at one issuer. Older ones stay while credentials refer to them.
struct Registration {
  RegistrationId id;
  OrganizationId organization;
  std::string issuer;
  RegistrationKind kind = RegistrationKind::dynamic;
  std::string client_id;
  Secret client_secret;  ///< empty: public client
  /// none, client_secret_basic, client_secret_post, private_key_jwt
  std::string auth_method = "none";
  std::vector<std::string> redirect_uris;
  std::optional<SystemTime> secret_expires_at;
  std::string registration_client_uri;  ///< RFC 7592
  Secret registration_access_token;
  Secret private_key;             ///< PEM (PKCS #8), for private_key_jwt; empty: none
  std::string signing_algorithm;  ///< of private_key
  std::string key_id;             ///< of private_key; empty: none
  /// The server said invalid_client to it, and a second look agreed.
  std::optional<SystemTime> refused_at;
  /// Somebody is registering its successor since then.
  std::optional<SystemTime> claimed_at;
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
  std::string scope;                  ///< granted, space separated
  std::string token_type = "Bearer";  ///< or "DPoP"
  Secret id_token;                    ///< of an identity provider; empty: none
};

struct Credential {
  CredentialKey key;
  CredentialBinding binding;
  TokenSet tokens;
  Secret dpop_key;              ///< PEM (PKCS #8) of the key the tokens are bound to; empty: none
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
  std::string nonce;            ///< OpenID Connect: expected in the ID token; empty: none
  bool dpop = false;            ///< the tokens are to be bound to a key, made for the token request
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
