// Subscription: the words of one subscriptions/listen, whatever carries them: the acknowledgement
// first, notifications that belong to it, the result at its end, each with the subscription id
// (reference L-2, L-3). Pure.
#pragma once

#include <string>
#include <string_view>

#include "mcp/interest.hpp"

namespace gatehouse::mcp_server {

class Subscription final {
 public:
  /// The raw id of the request, and the raw serverInfo for the result.
  Subscription(std::string raw_id, std::string server_info)
      : id_(std::move(raw_id)), server_info_(std::move(server_info)) {}

  /// The first message. From here on something is wanted.
  std::string acknowledge(mcp::Interest granted);
  bool wants(std::string_view method, std::string_view params) const;
  /// The notification as a message of this subscription.
  std::string tag(std::string_view method, std::string_view params) const;
  /// The last message. From here on nothing is wanted.
  std::string finish();

  const mcp::Interest& interest() const { return interest_; }
  const std::string& id() const { return id_; }

 private:
  std::string id_;
  std::string server_info_;
  mcp::Interest interest_;
};

}  // namespace gatehouse::mcp_server
