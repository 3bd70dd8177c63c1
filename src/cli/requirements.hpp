// What a server needs, found out and told: discovery as `add` and `edit` use it, before anything is
// stored.
#pragma once

#include <optional>
#include <string>

#include "cli/consent.hpp"
#include "cli/services.hpp"
#include "oauth_client/discovery.hpp"

namespace gatehouse::cli {

/// Asks the server, with the person's consent to what must be reached for that, and puts what was
/// agreed to and what kind of credential it wants into `connection`. The steps and the conclusion
/// are shown. Errors: as discover_with_consent().
Task<Result<oauth_client::Discovery>> find_requirements(Services& services,
                                                        vault::Connection& connection,
                                                        std::string issuer, Consent consent);

/// Whether a login, a key or a person's choice may decide what discovery could not.
bool may_go_on(const oauth_client::Discovery& discovery, const vault::Connection& connection);

/// The steps of a discovery as a JSON array.
std::string steps_json(const oauth_client::Discovery& discovery);

/// What a sign-in would take, one sentence; empty where none is needed.
std::string explain_sign_in(const oauth_client::Discovery& discovery,
                            const vault::Connection& connection,
                            const std::string& client_metadata_url);

}  // namespace gatehouse::cli
