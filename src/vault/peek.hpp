// What completion shows: the names in a store, without opening it for work. Takes no key, changes
// nothing, waits for nobody.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace gatehouse::vault {

struct PeekedConnection {
  std::string name;
  std::vector<std::string> tools;  ///< each as raw JSON, as last listed
};
struct Peeked {
  std::vector<PeekedConnection> connections;  ///< by name
  std::vector<std::string> agent_tokens;      ///< names of those that are not revoked
};

/// Empty when there is no store yet. Errors: those of Database::open, storage.
Result<Peeked> peek(const std::filesystem::path& database);

}  // namespace gatehouse::vault
