// OldTransport: HTTP+SSE of 2024-11-05 around any service, so that clients can be tried against it:
// GET opens the stream, its `endpoint` event says where to POST, answers come on the stream (O-10).
// The quirk http-with-sse puts it before the issues server.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "async/mailbox.hpp"
#include "async/task_group.hpp"
#include "base/log.hpp"
#include "http/server.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::demo {

class OldTransport final : public http::Handler {
 public:
  /// All must outlive it; the HTTP server is drained before it is destroyed. `path` is where GET
  /// goes; messages go to `path`/messages.
  OldTransport(mcp_server::Service& service, mcp_server::Authenticator& authenticator,
               TaskGroup& tasks, Logger& logger, std::string path);

  Task<> handle(http::Exchange& exchange) override;

 private:
  using CallerPtr = std::shared_ptr<const mcp_server::Caller>;
  struct Session;
  class Channel;

  Task<> open(http::Exchange& exchange, CallerPtr caller);
  Task<> take(http::Exchange& exchange, const mcp_server::Caller& caller);
  static Task<Result<std::optional<std::string>>> next_of(std::shared_ptr<Session> session);
  static Task<> run_session(OldTransport& self, std::shared_ptr<Session> session, CallerPtr caller);

  mcp_server::Service& service_;
  mcp_server::Authenticator& authenticator_;
  TaskGroup& tasks_;
  Logger& logger_;
  std::string path_;
  std::map<std::string, std::shared_ptr<Session>> sessions_;
};

}  // namespace gatehouse::demo
