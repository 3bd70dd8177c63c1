// The last way to an OAuth client: the person registers one by hand and types it in. Used by
// sign_in() when the authorization server registers nobody, or not us.
#pragma once

#include <string>

#include "cli/services.hpp"
#include "vault/records.hpp"

namespace gatehouse::cli {

/// Whether a failed beginning of a login leaves only a client registered by hand, and somebody is
/// there to type it.
bool may_ask_client(const Services& services, const vault::Connection& connection,
                    const Error& refused);

/// Tells why and which redirect URI to register, asks for id and secret, and stores them with the
/// connection; its port is fixed from then on. Errors: `refused` when nothing is typed; cancelled,
/// and the store's.
Task<Result<vault::Connection>> ask_client(Services& services, vault::Connection connection,
                                           Error refused, std::string redirect_uri);

}  // namespace gatehouse::cli
