// FaultyHandler: stands before a handler and performs what a FaultPlan says, on the level of HTTP:
// answers that fail, connections that close before or after the work, silence.
#pragma once

#include "demo/fault_plan.hpp"
#include "http/server.hpp"

namespace gatehouse::demo {

/// Handles `exchange` by `handler`, or lets it go wrong as the plan says for `step`.
Task<> handle_with_faults(Executor executor, FaultPlan& plan, Step step, http::Handler& handler,
                          http::Exchange& exchange);

}  // namespace gatehouse::demo
