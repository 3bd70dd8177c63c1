// Registrar: gives one organization's OAuth client at one issuer: pre-registered, then client
// ID metadata document, then dynamic registration, then an error that names what to type. Stored
// under compare-and-set: the first writer wins, the loser adopts. Client credentials are keyed by
// issuer and never shown to another.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/client.hpp"
#include "oauth/metadata.hpp"
#include "oauth/token.hpp"
#include "vault/store.hpp"

namespace gatehouse::oauth_client {

struct ClientSettings {
  std::string client_metadata_url;  ///< our client ID metadata document; empty: none
  std::string client_name = "Gatehouse";
  std::string client_uri;
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

class Registrar final {
 public:
  /// All must outlive the registrar.
  Registrar(vault::RegistrationStore& store, http::Client& client, const Clock& clock,
            ClientSettings settings);

  /// A registration that covers request.redirect_uri; registers (anew) when there is none, its
  /// secret has expired or the URI is missing from it. Errors: unsupported (no way to register; the
  /// hint names what to type), rejected, invalid_client, and http::Client's and the store's.
  Task<Result<vault::Registration>> obtain(RegistrationRequest request);

  /// What is registered now at that issuer, without asking anybody: its redirect URIs tell the
  /// listener which port to prefer.
  Task<Result<std::optional<vault::Registration>>> find_current(OrganizationId organization,
                                                                std::string issuer,
                                                                vault::OAuthSettings settings);

 private:
  Task<Result<vault::Registration>> use_preregistered(RegistrationRequest request);
  Task<Result<vault::Registration>> use_client_metadata(RegistrationRequest request);
  Task<Result<vault::Registration>> use_dynamic(RegistrationRequest request);
  Task<Result<vault::Registration>> register_now(RegistrationRequest request,
                                                 std::optional<vault::Registration> current);
  Task<Result<vault::Registration>> store_or_adopt(vault::Registration registration,
                                                   std::optional<RegistrationId> expected,
                                                   std::string redirect_uri);

  vault::RegistrationStore& store_;
  http::Client& client_;
  const Clock& clock_;
  ClientSettings settings_;
};

/// The server does not know this dynamic client any more: the next obtain() registers anew. A copy
/// that counts as expired becomes current; credentials keep referring to the original, so that a
/// passing fault of the server costs nothing. Other kinds are left alone. `store` must outlive the
/// call.
Task<> retire_registration(vault::RegistrationStore& store, vault::Registration registration,
                           SystemTime now);

/// How this registration authenticates at the token endpoint. Errors: unsupported.
Result<oauth::ClientAuthentication> client_authentication(const vault::Registration& registration);

}  // namespace gatehouse::oauth_client
