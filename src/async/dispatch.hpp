// dispatch_to: hands a function to a shard from any thread. Runs at once when the caller is on that
// shard already.
#pragma once

#include <functional>

#include "async/task.hpp"

namespace gatehouse {

void dispatch_to(const Executor& executor, std::function<void()> work);

}  // namespace gatehouse
