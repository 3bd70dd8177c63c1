// What `gatehouse add` would do, told without doing it (--dry-run), and what a preset needs before
// it is worth asking the server.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/presets.hpp"
#include "cli/services.hpp"
#include "oauth_client/discovery.hpp"

namespace gatehouse::cli {

/// What would be stored and asked, as names and values for people; empty values are left out. Pure.
std::vector<std::pair<std::string, std::string>> plan_facts(
    const vault::Connection& connection, const std::optional<oauth_client::Discovery>& discovery,
    const std::string& client_metadata_url);

void print_plan(Services& services, const vault::Connection& connection,
                const std::optional<oauth_client::Discovery>& discovery, bool as_json);

/// Asks for the key that the preset needs; where nobody can be asked, says which flag gives it, or
/// the client. Errors: invalid_argument, cancelled.
Task<Result<void>> provide(Services& services, const Preset& preset, vault::Connection& connection);

/// The authorization servers there are to choose from, and how to choose.
void tell_issuers(Terminal& terminal, const oauth_client::Discovery& discovery);

/// A variable that is not set or a file that cannot be read is a mistake on the command line.
Error as_usage(Error error);

}  // namespace gatehouse::cli
