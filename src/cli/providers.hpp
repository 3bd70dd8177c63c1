// Connections that are no servers of tools to sign in to: identity providers, and those whose
// tokens no person signs in for. Used by add, login and status.
#pragma once

#include <string>

#include "cli/services.hpp"

namespace gatehouse::cli {

/// A new token for a connection that nobody signs in to (oauth_client::is_machine). Errors: those
/// of MachineGrants::obtain.
Task<Result<vault::Credential>> obtain_token(Services& services, vault::Connection connection);
/// Says where it came from and how long it lasts.
void tell_obtained(Services& services, const vault::Connection& connection,
                   const vault::Credential& credential);

/// Whether the provider can vouch now, stored as the connection's state: ready once somebody is
/// signed in there or its ID token can be read. Errors: the store's.
Task<Result<vault::ConnectionState>> check_provider(Services& services, vault::Connection provider);
/// "okta is ready: …", and what to type next.
std::string provider_ready(const vault::Connection& provider);

}  // namespace gatehouse::cli
