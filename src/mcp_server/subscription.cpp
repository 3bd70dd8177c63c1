#include "mcp_server/subscription.hpp"

#include <fmt/format.h>

#include "jsonrpc/message.hpp"
#include "mcp/versions.hpp"
#include "mcp_server/interest_filter.hpp"

namespace gatehouse::mcp_server {

std::string Subscription::acknowledge(mcp::Interest granted) {
  interest_ = std::move(granted);
  return jsonrpc::make_notification("notifications/subscriptions/acknowledged",
                                    make_acknowledgement(interest_, id_));
}

bool Subscription::wants(std::string_view method, std::string_view params) const {
  return is_wanted(interest_, method, params);
}

std::string Subscription::tag(std::string_view method, std::string_view params) const {
  return jsonrpc::make_notification(method, add_subscription_id(params, id_));
}

std::string Subscription::finish() {
  interest_ = {};
  return jsonrpc::make_result(
      id_, fmt::format(R"({{"resultType":"complete","_meta":{{"{}":{},"{}":{}}}}})",
                       mcp::kMetaSubscriptionId, id_, mcp::kMetaServerInfo, server_info_));
}

}  // namespace gatehouse::mcp_server
