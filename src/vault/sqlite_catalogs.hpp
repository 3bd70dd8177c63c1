// Rows of the catalogs and pins tables. Used only by sqlite_connections.cpp, inside its
// transactions.
#pragma once

#include <vector>

#include "vault/sqlite_tables.hpp"

namespace gatehouse::vault {

std::optional<StoredCatalog> read_catalog(Database& database, Logger& logger,
                                          const OrganizationId& organization,
                                          const ConnectionId& id, const MemberId& member);
std::vector<StoredCatalog> read_catalogs(Database& database, Logger& logger,
                                         const OrganizationId& organization,
                                         const MemberId& member);
enum class Stored { as_before, changed };
Stored write_catalog(Database& database, const StoredCatalog& catalog);

std::vector<Pin> read_pins(Database& database, const OrganizationId& organization,
                           const ConnectionId& id, const std::optional<MemberId>& owner,
                           ConnectionStore::Pins which);
/// How many were made.
std::size_t write_pins(Database& database, const ConnectionId& id, const PinChanges& pins);

}  // namespace gatehouse::vault
