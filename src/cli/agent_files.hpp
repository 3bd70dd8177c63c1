// The configuration files of other agents on this machine: finding, reading and replacing them.
// Used by `gatehouse import`, `install` and `uninstall`. Blocking; run on a worker.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agents/agent.hpp"
#include "base/result.hpp"

namespace gatehouse::cli {

struct AgentFile {
  const agents::Agent* agent = nullptr;
  std::string path;
};

/// Those that exist, of this agent or (null) of all.
std::vector<AgentFile> find_agent_files(const agents::Agent* only, const agents::Folders& folders);

/// Empty when there is none. Errors: storage, too_large.
Result<std::string> read_agent_file(const std::string& path);

/// Writes beside and renames, keeping the mode; what was there stays as `backup` (empty: nothing
/// was there). A link is followed. Errors: storage, conflict when the file is not `before` any
/// more.
Result<std::string> replace_agent_file(const std::string& path, const std::string& before,
                                       const std::string& after);

}  // namespace gatehouse::cli
