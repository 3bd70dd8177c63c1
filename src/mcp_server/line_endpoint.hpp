// LineEndpoint: the same MCP server over lines (stdio, a Unix socket) for one caller who is already
// known (specification: basic/transports/stdio). Both eras; requests run concurrently, are
// cancelled by notifications/cancelled, and may ask the client back over the same channel.
#pragma once

#include <memory>

#include "async/task.hpp"
#include "async/task_group.hpp"
#include "base/log.hpp"
#include "jsonrpc/line_channel.hpp"
#include "mcp_server/endpoint_settings.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::mcp_server {

class LineServer;

class LineEndpoint final {
 public:
  /// Everything given must outlive the endpoint. `path` of the settings is not used.
  LineEndpoint(Service& service, std::shared_ptr<const Caller> caller,
               jsonrpc::LineChannel& channel, TaskGroup& tasks, Logger& logger,
               EndpointSettings settings = {});
  ~LineEndpoint();
  LineEndpoint(const LineEndpoint&) = delete;
  LineEndpoint& operator=(const LineEndpoint&) = delete;

  /// Serves until the other side closes; then cancels what is under way and returns when it has
  /// ended. Does not close the channel.
  Task<> run();
  /// Ends open subscriptions, each with its result, and opens no more; requests go on.
  void end_streams();

 private:
  std::shared_ptr<LineServer> server_;
};

}  // namespace gatehouse::mcp_server
