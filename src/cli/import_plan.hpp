// What an import does with each connection of a file, and doing it. A step that is repeated
// changes nothing: an import that was interrupted is run again.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "archive/archive.hpp"
#include "cli/services.hpp"

namespace gatehouse::cli {

enum class ImportKind {
  add,      ///< nothing here has its name
  present,  ///< it is here already, by its id; only a missing login is added
  replace,  ///< another connection with its name goes, with its login
};

struct ImportStep {
  vault::Connection connection;  ///< under the name it gets here
  ImportKind kind = ImportKind::add;
  vault::Connection here;  ///< of `present` and `replace`
};

struct ImportChoices {
  bool replace = false;
  std::map<std::string, std::string> rename;  ///< name in the file → name here
};

/// Errors: conflict (names that are taken, all of them at once), invalid_argument (a new name that
/// is none, or a name that the file has not).
Task<Result<std::vector<ImportStep>>> plan_import(Services& services,
                                                  std::vector<vault::Connection> connections,
                                                  ImportChoices choices);

struct ImportOutcome {
  std::size_t logins = 0;       ///< stored
  std::size_t kept_logins = 0;  ///< left out, because there is one here
};

/// Errors: those of the store.
Task<Result<ImportOutcome>> carry_out_import(Services& services, std::vector<ImportStep> steps,
                                             std::vector<vault::Registration> registrations,
                                             std::vector<vault::Credential> credentials);

}  // namespace gatehouse::cli
