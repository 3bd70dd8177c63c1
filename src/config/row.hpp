// How a file's entry and its row in the store go together. Private to config/. Pure.
#pragma once

#include "config/mcp_json.hpp"

namespace gatehouse::config {

/// The row was made from an entry that an approval of this one covers.
bool is_approved(const vault::Connection& row, const FileEntry& entry);
/// Nothing of the entry is missing in the row.
bool is_current(const vault::Connection& row, const FileEntry& entry, std::string_view url);
/// The row's origin_digest.
std::string row_digest(const FileEntry& entry);

}  // namespace gatehouse::config
