// Login: authorization code with PKCE S256 and RFC 9207, from begin to stored credential. Used by
// `gatehouse login`, the connect page and the callback handler. What began a login is in the store,
// so that any process may finish it; a callback that does not match leaves it pending, a second
// login for the same key retires the first, and a late answer never replaces a newer login.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "http/client.hpp"
#include "oauth_client/client_repair.hpp"
#include "oauth_client/discovery.hpp"
#include "oauth_client/registration.hpp"
#include "oauth_client/revocation.hpp"
#include "oauth_client/token_request.hpp"
#include "vault/store.hpp"

namespace gatehouse::oauth_client {

struct LoginRequest {
  vault::Connection connection;
  vault::CredentialKey key;
  std::string redirect_uri;  ///< where the listener, or the public callback, answers
  std::vector<std::string> further_redirect_uris;  ///< registered along with it
  /// WWW-Authenticate values of the refusal that made this login necessary, if any.
  std::optional<std::vector<std::string>> challenges;
  std::string step_up_scope;  ///< what an insufficient_scope refusal named
  std::string browser_hash;   ///< hex of SHA-256 of the cookie of the browser that must finish it;
                              ///< empty: terminal
  std::string issuer;  ///< the person's choice; empty: the connection's setting, else the only one
};

struct PendingLogin {
  AuthorizationId id;
  std::string authorization_url;  ///< to open in a browser; holds the state
  std::string issuer;
  std::string resource;
  std::string scope;  ///< requested; empty: none
  std::string client_id;
  vault::RegistrationKind registration_kind = vault::RegistrationKind::dynamic;
  SystemTime expires_at{};
  std::string state_hash;  ///< for is_pending()
};

/// For display; tokens stay in the store.
struct LoginOutcome {
  vault::CredentialKey key;
  std::string issuer;
  std::string resource;
  std::string requested_scope;
  std::string scope;                        ///< granted
  std::vector<std::string> missing_scopes;  ///< requested but not granted
  std::string subject;                      ///< who, where the provider told
  std::optional<SystemTime> expires_at;
  bool refreshable = false;
};

class Login final {
 public:
  /// All must outlive this.
  Login(vault::Store& store, http::Client& client, const Clock& clock, Logger& logger,
        ClientSettings settings);

  /// Discovery, registration and a recorded pending login. Errors: discovery's (require_server),
  /// Registrar::obtain's, and the store's.
  Task<Result<PendingLogin>> begin(LoginRequest request);
  /// The same from a discovery made already.
  Task<Result<PendingLogin>> begin(LoginRequest request, Discovery discovery);

  /// Takes a callback (URL, target or query), checks state, browser and issuer in that order, sends
  /// the code and stores the tokens. parse and not_found leave every login pending (stray hit,
  /// wrong state, wrong browser, finished or expired already). All other errors end this login:
  /// policy (wrong issuer), rejected and the like (the person or the server said no), conflict when
  /// a newer login, a logout or an edit came first (the tokens are revoked), outcome_unknown when
  /// the code was sent and no answer came: sign in again.
  Task<Result<LoginOutcome>> finish(OrganizationId organization, std::string callback,
                                    std::string browser_hash = {});

  /// False once it was finished, cancelled or retired by a later login, in any process, and while
  /// its callback is being worked on.
  Task<Result<bool>> is_pending(OrganizationId organization, std::string state_hash);

  /// Ends a pending login, as Ctrl-C does.
  Task<Result<void>> cancel(OrganizationId organization, AuthorizationId id);

  /// Forgets the tokens and revokes them where the provider can; the report says what became of
  /// that.
  Task<Result<RevocationReport>> logout(vault::Connection connection, vault::CredentialKey key);

  /// Which redirect URIs are registered already, for the listener's choice of port.
  Registrar& registrar() { return registrar_; }

 private:
  friend class DeviceLogin;  ///< the same rows and rules, another way to the code

  /// Whom a pending login concerns, unchanged since it began.
  struct Party {
    vault::Connection connection;
    vault::Registration registration;
    std::optional<oauth::JoseKey> key;  ///< what the tokens are to be bound to; nothing: no proof
  };
  Task<Result<Party>> find_party(const vault::Authorization& pending);
  /// A pending login without what is particular to its flow: state and verifier.
  Task<Result<vault::Authorization>> draft(LoginRequest request, Discovery discovery,
                                           vault::Registration registration);
  Task<Result<PendingLogin>> record(LoginRequest request, Discovery discovery,
                                    vault::Registration registration);
  Task<Result<http::Reply>> send_code(const vault::Authorization& pending, const Party& party,
                                      std::string code);
  Task<Result<LoginOutcome>> exchange(vault::Authorization pending, std::string code);
  Task<Result<LoginOutcome>> store_tokens(vault::Authorization pending, Party party,
                                          std::string body, int status);
  /// Tokens that came after a newer login, a logout or the end of theirs.
  Task<> revoke_late(const vault::Authorization& pending, const vault::Registration& registration,
                     std::vector<http::Allowance> allowances, vault::TokenSet tokens);

  vault::Store& store_;
  http::Client& client_;
  const Clock& clock_;
  Logger& logger_;
  Registrar registrar_;
  ClientRepair repair_;
  oauth::DpopNonces nonces_;
};

}  // namespace gatehouse::oauth_client
