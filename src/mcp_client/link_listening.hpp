// LinkListening: subscriptions/listen over a MessageLink (S-2): its notifications come between
// those of the calls and are told apart by their subscriptionId. Made by StdioPeer for modern
// servers.
#pragma once

#include "mcp_client/listening.hpp"
#include "mcp_client/message_link.hpp"

namespace gatehouse::mcp_client {

class LinkListening final : public Listening {
 public:
  LinkListening(std::shared_ptr<MessageLink> link, std::string version);

 private:
  Task<Ended> attend(std::shared_ptr<Stream> stream) override;

  std::shared_ptr<MessageLink> link_;
  std::string client_info_;
  std::string version_;
};

}  // namespace gatehouse::mcp_client
