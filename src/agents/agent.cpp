#include "agents/agent.hpp"

#include <algorithm>

namespace gatehouse::agents {

std::span<const Agent> known_agents() {
  static const std::vector<Agent> kAgents{
      {"claude-code", "Claude Code", Format::claude_code, {"~/.claude.json", "./.mcp.json"}},
      {"claude-desktop",
       "Claude Desktop",
       Format::mcp_servers,
       {"$XDG/Claude/claude_desktop_config.json"}},
      {"cursor", "Cursor", Format::mcp_servers, {"~/.cursor/mcp.json", "./.cursor/mcp.json"}},
      {"vscode",
       "VS Code",
       Format::vscode,
       {"$XDG/Code/User/mcp.json", "./.vscode/mcp.json", "$XDG/Code/User/settings.json"}},
      {"codex", "Codex", Format::codex, {"~/.codex/config.toml", "./.codex/config.toml"}},
      {"opencode",
       "OpenCode",
       Format::opencode,
       {"$XDG/opencode/opencode.json", "$XDG/opencode/opencode.jsonc", "./opencode.json",
        "./opencode.jsonc"}},
      {"tomo", "tomo", Format::tomo, {"~/.tomo/config.yaml", "./.tomo/config.yaml"}},
      {"openab",
       "openab",
       Format::mcp_servers,
       {"~/.openab/agent/mcp.json", "./.openab/agent/mcp.json"}},
  };
  return kAgents;
}

const Agent* find_agent(std::string_view name) {
  const auto found = std::ranges::find(known_agents(), name, &Agent::name);
  return found == known_agents().end() ? nullptr : &*found;
}

std::string expand(std::string_view file, const Folders& folders) {
  const std::size_t slash = file.find('/');
  const std::string_view root = file.substr(0, slash);
  const std::string& base = root == "~"      ? folders.home
                            : root == "$XDG" ? folders.configuration
                                             : folders.directory;
  return base + std::string(file.substr(slash));
}

}  // namespace gatehouse::agents
