// Writing connections down as mcp.json does, placeholders as they are: for `gatehouse config`, and
// for showing an entry in full before it is approved. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "vault/records.hpp"

namespace gatehouse::config {

/// What stands for values that are kept encrypted.
enum class Kept {
  left_out,  ///< they are missing
  judged,    ///< those whose name does not end in a secret word; the others are said to be there
  shown,     ///< in full: the entry of a file, where they stand in the clear anyway
};

/// What stands for a value that is not shown.
inline constexpr std::string_view kAsInFile = "(as in the file)";

/// One entry as a JSON object, on one line. `words_are_templates`: the command comes from a file
/// and holds placeholders; else it is escaped, so that it means the same when it is read again.
/// `filled` replaces references by what they lead to.
/// `allow_private` is what no field of a connection holds: FileEntry::allow_private.
enum class Words { plain, templates };
std::string entry_json(const vault::Connection& connection, Words words, Kept kept,
                       bool allow_private, const std::map<std::string, std::string>& filled = {});

/// Headers and variables whose values are kept encrypted: "headers.Authorization", "env.KEY", …
std::vector<std::string> kept_values(const vault::Connection& connection);
/// Every reference that entry_json() would show.
std::vector<std::string> references(const vault::Connection& connection, Words words);

}  // namespace gatehouse::config
