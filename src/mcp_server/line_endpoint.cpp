#include "mcp_server/line_endpoint.hpp"

#include "mcp_server/line_server.hpp"

namespace gatehouse::mcp_server {

LineEndpoint::LineEndpoint(Service& service, std::shared_ptr<const Caller> caller,
                           jsonrpc::LineChannel& channel, TaskGroup& tasks, Logger& logger,
                           EndpointSettings settings)
    : server_(std::make_shared<LineServer>(service, std::move(caller), channel, tasks, logger,
                                           std::move(settings))) {}

LineEndpoint::~LineEndpoint() = default;

Task<> LineEndpoint::run() {
  return server_->run();
}

void LineEndpoint::end_streams() {
  server_->end_streams();
}

}  // namespace gatehouse::mcp_server
