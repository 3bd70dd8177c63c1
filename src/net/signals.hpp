// Signals of a service: SIGTERM and SIGINT ask for a graceful end, SIGPIPE is ignored because every
// write reports its error.
#pragma once

#include "async/task.hpp"

namespace gatehouse::net {

/// Ignores SIGPIPE in this process, if nobody has decided otherwise. Idempotent; children get the
/// default back.
void ignore_sigpipe();

/// Waits for SIGTERM or SIGINT and returns its number. While no task waits the default holds, so a
/// second Ctrl-C during the drain ends the process at once. Cancellable.
Task<int> wait_for_termination();

/// Waits until the terminal has another size (SIGWINCH). Cancellable.
Task<> wait_for_resize();

}  // namespace gatehouse::net
