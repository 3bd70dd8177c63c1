// The configuration files of other agents on this machine: finding, reading and replacing them.
// Used by `gatehouse import`, `install` and `uninstall`. Blocking; run on a worker.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agents/agent.hpp"
#include "base/result.hpp"
#include "cli/services.hpp"

namespace gatehouse::cli {

struct AgentFile {
  const agents::Agent* agent = nullptr;
  std::string path;
  bool of_project = false;  ///< below the working directory, which is not the home directory
};

/// Where agents keep their files. Errors: invalid_argument when there is no home directory.
Result<agents::Folders> find_agent_folders(const Services& services);

/// Those that exist, each once, of this agent or (null) of all.
std::vector<AgentFile> find_agent_files(const agents::Agent* only, const agents::Folders& folders);

/// Empty when there is none. Errors: storage, too_large.
Result<std::string> read_agent_file(const std::string& path);

/// Writes beside and renames, keeping the mode; what was there stays as `backup` (empty: nothing
/// was there). A link at `path` itself is followed, nothing else is. Errors: storage, conflict when
/// the file is not `before` any more.
Result<std::string> replace_agent_file(const std::string& path, const std::string& before,
                                       const std::string& after);

}  // namespace gatehouse::cli
