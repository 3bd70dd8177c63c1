// Agent: a program that has MCP servers of its own in a configuration file, and how that file is
// written. What `gatehouse import` looks for and `gatehouse install` writes to. One table. Pure.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::agents {

enum class Format {
  mcp_servers,  ///< JSON with `mcpServers`: Claude Desktop, Cursor, openab
  claude_code,  ///< the same, and `projects.<path>.mcpServers`
  vscode,       ///< JSON with `servers`, in settings.json below `mcp`
  codex,        ///< TOML with `mcp_servers`
  opencode,     ///< JSON with `mcp.<name>` of type local or remote
  tomo,         ///< YAML with `mcp.connections`
};

struct Agent {
  std::string_view name;   ///< "claude-code": what is typed
  std::string_view title;  ///< "Claude Code"
  Format format;
  /// Where it keeps servers, the file to install into first. "~" is the home directory, "." the
  /// working directory, "$XDG" the configuration folder.
  std::vector<std::string_view> files;
};

/// All that are known, in the order of the listing.
std::span<const Agent> known_agents();
/// Null: no such agent.
const Agent* find_agent(std::string_view name);

struct Folders {
  std::string home;           ///< absolute
  std::string configuration;  ///< XDG_CONFIG_HOME, or ~/.config
  std::string directory;      ///< the working directory
};
std::string expand(std::string_view file, const Folders& folders);

}  // namespace gatehouse::agents
