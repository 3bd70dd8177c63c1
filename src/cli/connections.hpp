// What commands do with a connection again and again: find it, aim at it, show how it stands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/json_out.hpp"
#include "cli/services.hpp"
#include "upstream/upstreams.hpp"
#include "vault/records.hpp"

namespace gatehouse::cli {

/// [a-z0-9][a-z0-9_-]{0,31}. Errors: invalid_argument, saying the rule.
Result<void> check_connection_name(std::string_view name);

/// Errors: not_found, naming what was probably meant and what there is.
Task<Result<vault::Connection>> require_connection(Services& services, std::string name);

/// Those with these names, or all without any. Errors: as require_connection().
Task<Result<std::vector<vault::Connection>>> choose_connections(Services& services,
                                                                std::vector<std::string> names);

/// What upstream/ works with: the local member's default account.
upstream::Target target_of(const vault::Connection& connection);
/// The same for the account of that name; empty: the default one.
upstream::Target target_of(const vault::Connection& connection, const std::string& account);
/// At most 64 letters, digits and @ . _ + -. Errors: invalid_argument, saying the rule.
Result<void> check_account_name(std::string_view name);

std::string_view auth_name(vault::AuthKind auth);
/// The URL, or the command line.
std::string address_of(const vault::Connection& connection);
/// "3 minutes ago".
std::string ago(SystemTime then, SystemTime now);

/// "modern", "legacy" or empty: not probed.
std::string era_name(const vault::ConnectionState& state);
/// The protocol revision, and the transport where that is the old one.
std::string protocol_text(const vault::ConnectionState& state);

/// Members every listing of a connection has: name, transport, url or command, auth, health.
JsonObject connection_json(const vault::Connection& connection,
                           const vault::ConnectionState& state);

}  // namespace gatehouse::cli
