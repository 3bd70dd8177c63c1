// Rows of the connections table as records, and back. A row that is damaged or cannot be decrypted
// becomes a record that says so (secrets_problem), never an error: it must not hide others.
#pragma once

#include <optional>
#include <string>

#include "vault/records.hpp"
#include "vault/sealer.hpp"
#include "vault/sqlite_database.hpp"

namespace gatehouse::vault {

/// The columns that read_connection() expects, in order.
inline constexpr const char* kConnectionColumns =
    "id, organization, name, transport, url, command, directory, auth, mode, header_names, "
    "environment_names, client_id, issuer, scopes, redirect_port, redirect_path, allowances, "
    "secrets, created_at, revision, details, more_secrets";

Connection read_connection(Rows& row, const Sealer& sealer);

/// Nothing when the connection has no secrets.
std::optional<std::string> seal_secrets(const Connection& connection, const Sealer& sealer);
/// What record_details.hpp seals of it.
std::optional<std::string> seal_more_secrets(const Connection& connection, const Sealer& sealer);

std::string header_names_blob(const Connection& connection);
std::string environment_names_blob(const Connection& connection);
std::string allowances_blob(const Connection& connection);

}  // namespace gatehouse::vault
