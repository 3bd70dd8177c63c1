// Starting a program by hand: fork, a few system calls, exec, with errors that say what failed.
// posix_spawn can neither start a session in the right order nor tie the child's life to ours.
// Private to net/; Linux.
#pragma once

#include <sys/types.h>

#include "base/result.hpp"
#include "jsonrpc/line_channel.hpp"

namespace gatehouse::net {

struct Spawned {
  pid_t pid = -1;      ///< leader of its own session and process group
  int exit_fd = -1;    ///< pidfd: readable once the process has exited
  int stdin_fd = -1;   ///< ours to write
  int stdout_fd = -1;  ///< ours to read
  int stderr_fd = -1;  ///< ours to read
};

/// The caller owns the descriptors and must reap the process. Errors: as Launcher::launch.
Result<Spawned> spawn(const jsonrpc::ProcessSpec& spec);

}  // namespace gatehouse::net
