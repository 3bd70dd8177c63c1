// Tools whose server describes them otherwise than they were accepted, and new ones that wait:
// found in the store, shown as a difference, accepted. Used by tools --changed, approve, status.
#pragma once

#include <string>
#include <vector>

#include "cli/services.hpp"
#include "vault/records.hpp"

namespace gatehouse::cli {

/// What waits at one connection, its tool filter applied; in order of name. Errors: storage.
Task<Result<std::vector<vault::Pin>>> waiting_tools(Services& services,
                                                    vault::Connection connection);

/// Accepts these. Errors: conflict when one of them has changed again, storage.
Task<Result<void>> accept_tools(Services& services, vault::Connection connection,
                                std::vector<vault::Pin> pins);

/// Lines for people: what is different, field by field.
std::string describe_change(const vault::Connection& connection, const vault::Pin& pin,
                            SystemTime now);
/// The same for programs, with both definitions.
std::string change_json(const vault::Connection& connection, const vault::Pin& pin);

/// "2 tools of notes were changed by its server: gatehouse tools notes --changed".
std::string waiting_note(const vault::Connection& connection, std::size_t waiting);

}  // namespace gatehouse::cli
