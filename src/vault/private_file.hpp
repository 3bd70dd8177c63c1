// Files that only their owner may read: checks at start, with a sentence that says the fix (design
// §4.7). Used for the key file and the database.
#pragma once

#include <filesystem>

#include "base/result.hpp"

namespace gatehouse::vault {

/// `file` is an open descriptor of `path`. policy unless it is a regular file of ours with no
/// rights for group and others.
Result<void> check_private_file(int file, const std::filesystem::path& path);

/// The same by name, symbolic links refused. True when it exists.
Result<bool> check_private_file(const std::filesystem::path& path);

/// Creates it with mode 0700 (its parent must exist) or checks that it is ours, 0700. Errors:
/// policy, storage.
Result<void> make_private_directory(const std::filesystem::path& path);

/// Makes an entry of the directory durable.
Result<void> sync_directory(const std::filesystem::path& path);

}  // namespace gatehouse::vault
