// ClientRepair: what to do when a server says invalid_client. It may be a passing fault (a client
// database that is away), a secret that somebody renewed, or a client that is really gone. So the
// server is looked at first and asked once more with what is stored then; only a second refusal is
// believed. A dynamic client is then registered anew, once, whichever processes notice; refresh
// tokens belong to the client, so that a person must sign in, but the old login is kept: should the
// server come to its senses, it works on. Used by Refresher and Login.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "oauth_client/registration.hpp"

namespace gatehouse::oauth_client {

/// What a look at the server gave.
struct ClientProbe {
  /// Set: the server is not well, so that its invalid_client proves nothing. Transient.
  std::optional<Error> passing;
  /// As re-read; nothing: it publishes none.
  std::optional<oauth::AuthorizationServerMetadata> server;
  /// As it stands now, here or at the provider; what to try once more with.
  vault::Registration registration;
};

class ClientRepair final {
 public:
  /// All must outlive this.
  ClientRepair(vault::RegistrationStore& store, http::Client& client, const Clock& clock,
               Logger& logger, Registrar& registrar);

  /// Re-reads the registration, here and where the provider offers it there (RFC 7592), and the
  /// server's metadata. Never an Error: what cannot be found out stays as it is.
  Task<ClientProbe> probe(vault::Registration refused, std::vector<http::Allowance> allowances);

  /// The server refused it again. A dynamic client gets its successor; others are only noted. The
  /// Error says what the person must do: sign_in_required, or invalid_client where a secret that
  /// was given by hand must be corrected first. `name`: of the connection, for what to type.
  Task<Error> give_up(ClientProbe probe, std::vector<http::Allowance> allowances, std::string name);

  /// The client was refused less than kClientPause ago: the Error of then. Nothing: ask the server.
  std::optional<Error> find_recent(const vault::Registration& registration,
                                   std::string_view name) const;
  /// The server takes it again.
  Task<> forgive(vault::Registration registration);

 private:
  Task<std::optional<Error>> look_at_server(ClientProbe& found,
                                            std::vector<http::Allowance> allowances);

  vault::RegistrationStore& store_;
  http::Client& client_;
  const Clock& clock_;
  Logger& logger_;
  Registrar& registrar_;
};

}  // namespace gatehouse::oauth_client
