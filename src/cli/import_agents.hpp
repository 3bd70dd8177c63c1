// Taking over the servers of other agents on this machine: what `gatehouse import` does without an
// export file.
#pragma once

#include <map>
#include <string>

#include "cli/command.hpp"
#include "cli/services.hpp"

namespace gatehouse::cli {

struct AgentImport {
  std::string agent;                          ///< empty: all that are found
  std::map<std::string, std::string> rename;  ///< name in the agent's file → name here
  bool include_project = false;               ///< files of the project as well, without a question
  bool dry_run = false;
  bool yes = false;
  bool json = false;
};

/// Shows what is found, what comes along and what cannot, asks, and stores it. Servers are neither
/// started nor contacted. Without a question (`yes`) the working directory's own files are left
/// out, unless `include_project`. Errors: invalid_argument (no home directory, nothing has a name
/// that is to be renamed), those of the store; what is wrong with one file
/// or entry is shown and does not stop the others.
Task<Result<Exit>> import_from_agents(Services& services, AgentImport order);

}  // namespace gatehouse::cli
