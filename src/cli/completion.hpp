// What may be typed next, from the command specs: the one source of completion in every shell. The
// scripts of `gatehouse completion` only ask `gatehouse complete`, which calls this. Pure.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"

namespace gatehouse::cli {

/// project_entry: a name in the project's mcp.json.
enum class ValueKind { connection, project_entry, capability, agent_token, file, preset, agent };

/// What names there are of a kind; called at most once. Of files: never called.
using KnownValues = std::function<std::vector<std::string>(ValueKind kind)>;

struct Completion {
  std::string value;
  std::string summary;  ///< one line; may be empty
  friend bool operator==(const Completion&, const Completion&) = default;
};

struct Completions {
  std::vector<Completion> words;
  bool files = false;  ///< the shell completes the name of a file
};

/// `words` are those behind `gatehouse`, the last one is being typed and may be empty. Hidden
/// commands are not offered.
Completions complete(std::span<const std::string> words, const std::vector<CommandSpec>& specs,
                     const KnownValues& known);

/// Entries of our table of what arguments take that no command has (any more); for a test.
std::vector<std::string> stale_entries(const std::vector<CommandSpec>& specs);

/// The script for "bash", "zsh" or "fish".
std::string_view completion_script(std::string_view shell);

}  // namespace gatehouse::cli
