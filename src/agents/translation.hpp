// Translation: an agent's configuration as the `mcpServers` document that config/mcp_json.hpp
// reads, so that one reader decides what an entry means. Called by `gatehouse import`. Untrusted
// input: bounded. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agents/agent.hpp"
#include "base/result.hpp"

namespace gatehouse::agents {

struct Translation {
  std::string json;                 ///< {"mcpServers": {…}}
  std::vector<std::string> losses;  ///< what cannot come along, each a sentence without a full stop
};

inline constexpr std::size_t kAgentFileBytes = 8 * 1024 * 1024;  ///< ~/.claude.json holds history

/// Errors: parse (with line and column), too_large. A document without servers gives none.
Result<Translation> translate(Format format, std::string_view text);

/// True when a command starts Gatehouse itself: that entry is not taken over.
bool is_gatehouse(const std::vector<std::string>& command);

}  // namespace gatehouse::agents
