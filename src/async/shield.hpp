// Shield: for the moment in which stopping would lose what cannot be had again, such as a refreshed
// token pair that is not stored yet.
#pragma once

#include "async/task.hpp"

namespace gatehouse {

/// From here on the running task, with everything it awaits and everybody who awaits it, cannot be
/// cancelled. What follows must be bounded in time: shutdown waits for it.
Task<> ignore_cancellation();

}  // namespace gatehouse
