// Installation: puts Gatehouse into an agent's configuration text, and takes it out again. Nothing
// else in the text is touched: it is edited in place, comments and order stay, and the result is
// read again and compared before it is given back. Called by `gatehouse install` and `uninstall`.
// Untrusted input: bounded. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agents/agent.hpp"
#include "base/result.hpp"

namespace gatehouse::agents {

/// What the agent is to start.
struct Launch {
  std::string program;                 ///< absolute path of this program
  std::vector<std::string> arguments;  ///< {"stdio"}
  std::string home;                    ///< value of GATEHOUSE_HOME for it; empty: not set
};

inline constexpr std::string_view kEntryName = "gatehouse";

/// The text with one entry named "gatehouse"; the same text when it is there already. An entry of
/// that name that says something else is replaced. Errors: parse (not what the format says),
/// unsupported (the text is written in a way that cannot be edited safely; the hint has what to
/// paste).
Result<std::string> add_gatehouse(Format format, std::string_view text, const Launch& launch);

/// The text without that entry; the same text when there is none. Errors: as add_gatehouse().
Result<std::string> remove_gatehouse(Format format, std::string_view text);

}  // namespace gatehouse::agents
