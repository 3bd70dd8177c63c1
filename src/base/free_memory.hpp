// Giving memory back after a burst: allocators keep what was freed, and a gateway is judged by what
// it holds when it rests. Takes milliseconds; for reapers, not for the path of a call.
#pragma once

namespace gatehouse {

/// Where the allocator can; does nothing elsewhere.
void return_free_memory();

}  // namespace gatehouse
