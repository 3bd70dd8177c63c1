// What commands say about configuration files: which entries wait, which cannot be used, where a
// connection is to be edited.
#pragma once

#include "cli/command.hpp"
#include "cli/services.hpp"

namespace gatehouse::cli {

/// Takes the files into account before a command runs: the person's own and, unless it is a
/// service, the project's. Broken entries and those that wait are noted in a line each file.
/// Errors: storage.
Task<Result<void>> read_files(Services& services, const Command& command);

/// Why there is no connection of that name although a file has an entry of it: policy (it waits for
/// approval), invalid_argument (it cannot be used). Nothing is wrong where no file has one.
Result<void> check_file_entry(const Services& services, std::string_view name);

/// Errors: policy, with file and line to edit, for a connection that a file describes; `what` is
/// "edited", "renamed", …
Result<void> require_own(const Services& services, const vault::Connection& connection,
                         std::string_view what);

}  // namespace gatehouse::cli
