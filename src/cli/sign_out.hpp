// Ending logins: what logout, remove and a changed URL have in common. Each login is forgotten here
// first and then revoked at its provider; what became of that is told, never hidden.
#pragma once

#include <string>
#include <vector>

#include "cli/json_out.hpp"
#include "cli/services.hpp"
#include "oauth_client/client_configuration.hpp"

namespace gatehouse::cli {

/// One login that ended.
struct SignedOut {
  std::string name;     ///< of the connection
  std::string account;  ///< "default" unless several were told apart
  std::string issuer;   ///< where; empty: it could not be read
  oauth_client::RevocationReport revocation;
};

/// True for connections whose logins a person makes and ends.
bool has_sign_in(const vault::Connection& connection);

/// Ends every login of the connection, or that of `account`, and closes its sessions. Empty: nobody
/// was signed in. Errors: storage.
Task<Result<std::vector<SignedOut>>> sign_out(Services& services, vault::Connection connection,
                                              std::optional<std::string> account = std::nullopt);

/// Stores that somebody must sign in, if the login that agents use is among `ended`; the health of
/// a connection is about that one alone. Errors: storage.
Task<Result<void>> save_signed_out(Services& services, vault::Connection connection,
                                   std::vector<SignedOut> ended);

/// Deletes the clients that nothing refers to any more at these issuers (RFC 7592): superseded
/// ones, or with `all_dynamic` those of a connection that is gone. `allowances`: what may be
/// reached.
Task<std::vector<oauth_client::DeletionReport>> forget_clients(
    Services& services, std::vector<SignedOut> ended, oauth_client::Unused which,
    std::vector<http::Allowance> allowances);

/// Two lines for a person about one login; nothing where there were no tokens.
void tell(Terminal& terminal, const SignedOut& ended);
/// A line for each client that a person may care about.
void tell(Terminal& terminal, const std::vector<oauth_client::DeletionReport>& clients);
JsonObject to_json(const SignedOut& ended);
std::string to_json(const std::vector<oauth_client::DeletionReport>& clients);

/// One word for all: "failed" when one failed, else "unsupported" when one was, "yes" or "nothing".
std::string_view summary(const std::vector<SignedOut>& ended);
/// Some tokens are known to live on although their provider revokes tokens.
bool any_failed(const std::vector<SignedOut>& ended);

}  // namespace gatehouse::cli
