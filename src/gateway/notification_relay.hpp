// NotificationRelay: passes what a server sends during a request on to the client that waits for
// it: progress under the client's own token (reference G-10), and where the endpoint shows one
// server as it is, its log messages too.
#pragma once

#include <string>
#include <string_view>

#include "gateway/front.hpp"

namespace gatehouse::gateway {

/// The params of a notifications/message with the connection's name before the logger's.
std::string attributed_log(std::string_view params, std::string_view connection);

class NotificationRelay final : public mcp::NotificationSink {
 public:
  /// `raw_token` is the client's progressToken as raw JSON; empty: it wants no progress.
  /// Log messages say which connection they come from where questions do.
  NotificationRelay(mcp_server::Call& call, std::string_view raw_token, Front::Manners manners,
                    std::string_view connection)
      : call_(call), raw_token_(raw_token), manners_(manners), connection_(connection) {}

  /// False: the client hears nothing, so that the server need not be asked for it.
  bool wanted() const;
  void on_notification(std::string_view method, std::string_view params) override;

 private:
  mcp_server::Call& call_;
  std::string_view raw_token_;
  Front::Manners manners_;
  std::string_view connection_;
};

}  // namespace gatehouse::gateway
