// A mark of one process, by which the others on this machine can tell whether it still runs: a
// lease whose holder was killed is free at once, and the refresh it left is tried again within the
// provider's grace. Written into leases by sqlite_credentials.
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::vault {

/// PID namespace, process id and start time of this process; empty where /proc does not tell.
std::string this_process_mark();

/// True only when the process is known to have ended. False when it runs, when it belongs to
/// another PID namespace (a container beside us), and when the mark says nothing. Meaningful within
/// one boot.
bool is_gone(std::string_view mark);

}  // namespace gatehouse::vault
