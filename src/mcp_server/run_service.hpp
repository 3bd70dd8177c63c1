// Calling the service behind the fence that one request is (style: errors). Private to mcp_server/.
#pragma once

#include "async/task.hpp"
#include "base/log.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::mcp_server {

/// The service's reply; an exception becomes -32603 without detail and is logged with the request
/// id. Cancellation passes through.
Task<Reply> run_service(Service& service, Call& call, Logger& logger);

/// Service::follow() behind the same fence; an exception becomes Errc::bug.
Task<Result<mcp::Interest>> follow_service(Service& service, std::shared_ptr<Follower> follower,
                                           mcp::Interest wanted, Logger& logger);
/// What a failed follow() answers.
Reply::Failure follow_failure(const Error& error);

}  // namespace gatehouse::mcp_server
