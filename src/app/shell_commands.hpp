// The hidden commands `complete`, which shells ask for what may be typed next, and `man`, which
// makes the manual pages.
#pragma once

#include <memory>
#include <vector>

#include "cli/command.hpp"

namespace gatehouse::app {

/// Nothing about them needs a key, a terminal or the network.
cli::CommandPtr make_complete_command();
cli::CommandPtr make_man_command();

}  // namespace gatehouse::app
