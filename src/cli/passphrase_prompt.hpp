// The passphrase of an export: typed, or read from a file. Never an argument.
#pragma once

#include <string>

#include "cli/services.hpp"

namespace gatehouse::cli {

enum class Typed { once, twice };

/// From `file` when it is named, else asked for. Errors: invalid_argument (too short, or the two do
/// not match three times; nobody can be asked), and those of config::read_secret_file.
Task<Result<Secret>> get_passphrase(Services& services, std::string file, Typed typed);

}  // namespace gatehouse::cli
