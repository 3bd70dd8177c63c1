// The command line: finds the command and fills its flags. The only user of CLI11.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace gatehouse::cli {

struct Parsed {
  Command* command = nullptr;  ///< one of those given; null: `output` says it all
  std::string output;          ///< help or version, for standard output
  std::string complaint;       ///< what is wrong, for standard error
  Exit exit = Exit::done;
  bool verbose = false;
  bool no_color = false;
};

/// `words` are the arguments without the program's name. `commands` must outlive the result.
Parsed parse(std::span<const std::string> words, std::vector<CommandPtr>& commands,
             const std::string& version);

}  // namespace gatehouse::cli
