// The flags of `gatehouse edit`: most are those of `add`, and each changes only what it names.
#pragma once

#include <string>
#include <vector>

#include "cli/add_options.hpp"

namespace gatehouse::cli {

struct EditOptions {
  AddOptions flags;  ///< of these those that make sense for a connection that is there
  std::vector<std::string> remove_headers;
  std::vector<std::string> remove_environment;
  std::vector<std::string> resets;
  bool no_check = false;

  const std::string& name() const { return flags.name; }
  bool json() const { return flags.json; }
};

CommandSpec edit_spec(EditOptions& options);

/// Changes `connection` as the flags say; reads or asks for new secrets. Errors: invalid_argument,
/// saying which flags do not fit the connection; those of the secrets.
Task<Result<void>> apply_edit(Services& services, const EditOptions& options,
                              vault::Connection& connection);

}  // namespace gatehouse::cli
