// The Terminal of a real process: descriptors 0, 1 and 2. One object per process.
#pragma once

#include <memory>

#include "cli/terminal.hpp"

namespace gatehouse::cli {

/// `look`: of standard error.
std::unique_ptr<Terminal> make_posix_terminal(Executor executor, terminal::Look look);

}  // namespace gatehouse::cli
