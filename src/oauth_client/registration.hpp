// Registrar: gives one organization's OAuth client at one issuer: pre-registered, then client
// ID metadata document, then dynamic registration, then an error that names what to type. Stored
// under compare-and-set: the first writer wins, the loser adopts. Client credentials are keyed by
// issuer and never shown to another.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "async/timer.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/client.hpp"
#include "oauth/metadata.hpp"
#include "oauth/token.hpp"
#include "vault/secret_resolver.hpp"
#include "vault/store.hpp"

namespace gatehouse::oauth_client {

struct ClientSettings {
  std::string client_metadata_url;  ///< our client ID metadata document; empty: none
  std::string client_name = "Gatehouse";
  std::string client_uri;
  /// Reads secrets and keys of pre-registered clients that are kept elsewhere; empty: refused.
  vault::SecretResolver resolve = {};
};

struct RegistrationRequest {
  OrganizationId organization;
  std::string connection_name;                ///< for hints: what to type
  oauth::AuthorizationServerMetadata server;  ///< as discovered
  vault::OAuthSettings settings;              ///< of the connection
  std::string redirect_uri;  ///< must be registered; empty: any registration will do (device login)
  std::vector<std::string> further_redirect_uris;  ///< registered along when registering anew
  std::vector<http::Allowance> allowances;
};

/// Whether a new login should rely on a registration.
enum class Fitness {
  good,
  ending,   ///< its secret expires soon: within a quarter of its life, at most seven days
  ended,    ///< its secret has expired
  refused,  ///< the server said invalid_client to it, twice
};
Fitness fitness_of(const vault::Registration& registration, SystemTime now);
/// True for a redirect URI that was registered (RFC 8252 §7.3: a loopback one without a port covers
/// every port), and for an empty one.
bool covers_redirect(const vault::Registration& registration, const std::string& redirect_uri);

class Registrar final {
 public:
  using Sleep = std::function<Task<>(Duration)>;
  /// All must outlive the registrar. `sleep` is replaced in tests.
  Registrar(
      vault::RegistrationStore& store, http::Client& client, const Clock& clock,
      ClientSettings settings, Sleep sleep = [](Duration duration) { return sleep_for(duration); });

  /// A registration that covers request.redirect_uri; registers (anew) when there is none, its
  /// secret has expired or soon will, the server refused it, or the URI is missing from it. One
  /// process at a time registers anew; the others wait for what it gets. Errors: unsupported (no
  /// way to register; the hint names what to type), rejected, invalid_client, and http::Client's
  /// and the store's.
  Task<Result<vault::Registration>> obtain(RegistrationRequest request);

  /// The client that request.settings name, and no other way to one: for grants without a person.
  /// Its id may be empty where the assertion alone says who asks (RFC 7523 §3.1). Errors: as
  /// obtain.
  Task<Result<vault::Registration>> obtain_configured(RegistrationRequest request);

  /// What is registered now at that issuer, without asking anybody: its redirect URIs tell the
  /// listener which port to prefer.
  Task<Result<std::optional<vault::Registration>>> find_current(OrganizationId organization,
                                                                std::string issuer,
                                                                vault::OAuthSettings settings);

  /// The server refuses this dynamic client: its successor, registered by us or by another process
  /// already, with the same redirect URIs. Errors: as obtain().
  Task<Result<vault::Registration>> replace_refused(RegistrationRequest request,
                                                    vault::Registration refused);
  /// Asks the provider for the client's present secret (RFC 7592 §2.1), which some renew that way,
  /// and stores what changed. Nothing: it offers that not, or says that the client is gone.
  Task<std::optional<vault::Registration>> renew(vault::Registration registration,
                                                 std::vector<http::Allowance> allowances);

 private:
  Task<Result<vault::Registration>> use_preregistered(RegistrationRequest request);
  Task<Result<Secret>> read_secret(Secret value, std::string reference, std::string what);
  Task<Result<vault::Registration>> use_client_metadata(RegistrationRequest request);
  Task<Result<vault::Registration>> use_dynamic(RegistrationRequest request);
  Task<Result<vault::Registration>> replace(RegistrationRequest request,
                                            vault::Registration claimed);
  Task<Result<vault::Registration>> register_now(RegistrationRequest request,
                                                 std::optional<vault::Registration> current);
  Task<Result<vault::Registration>> store_or_adopt(vault::Registration registration,
                                                   std::optional<RegistrationId> expected,
                                                   std::string redirect_uri,
                                                   std::vector<http::Allowance> allowances);

  vault::RegistrationStore& store_;
  http::Client& client_;
  const Clock& clock_;
  ClientSettings settings_;
  Sleep sleep_;
};

/// The server refused this dynamic client: the next obtain() registers anew. Logins that were made
/// with it stay, so that a passing fault of the server costs nothing. Other kinds are left alone.
/// `store` must outlive the call.
Task<> retire_registration(vault::RegistrationStore& store, vault::Registration registration,
                           SystemTime now);

/// How this registration authenticates at the token endpoint. Errors: unsupported.
Result<oauth::ClientAuthentication> client_authentication(const vault::Registration& registration);

}  // namespace gatehouse::oauth_client
