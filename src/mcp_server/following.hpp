// Following: what one legacy client wants to hear outside of its requests, and the methods by which
// it says so (reference O-6): resources/subscribe and /unsubscribe, logging/setLevel; list changes
// come unasked. One per session or line channel, which is the Follower. Belongs to one shard.
#pragma once

#include <memory>

#include "base/log.hpp"
#include "mcp_server/log_level.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::mcp_server {

class Following final {
 public:
  /// Tells the service that `follower` is there to hear of list changes; does nothing the second
  /// time.
  Task<> start(Service& service, std::shared_ptr<Follower> follower, Logger& logger);
  /// Whether handle() is for this method.
  static bool is_about(std::string_view method);
  Task<Reply> handle(Service& service, std::shared_ptr<Follower> follower, const Call& call,
                     Logger& logger);
  /// Says unfollow() if the service was told of it.
  void stop(Service& service, Follower& follower);

  const mcp::Interest& granted() const { return granted_; }
  /// Of log messages, within requests too; "info" until the client says otherwise.
  const LogFloor& log_floor() const { return log_floor_; }

 private:
  Task<gatehouse::Result<mcp::Interest>> tell(Service& service, std::shared_ptr<Follower> follower,
                                              Logger& logger);
  Task<Reply> subscribe(Service& service, std::shared_ptr<Follower> follower, std::string uri,
                        Logger& logger);
  Task<Reply> set_level(Service& service, std::shared_ptr<Follower> follower, std::string level,
                        Logger& logger);

  mcp::Interest wanted_;
  mcp::Interest granted_;
  LogFloor log_floor_ = LogLevel::info;
  std::uint64_t round_ = 0;  ///< of the latest tell(): an earlier one's outcome is old
  bool known_ = false;       ///< to the service
  bool stopped_ = false;
};

}  // namespace gatehouse::mcp_server
