// StdioPeer: an MCP server as a child process, in either era (§3 of the digest). Opened by
// open_stdio().
#pragma once

#include <memory>

#include "mcp_client/legacy_following.hpp"
#include "mcp_client/link_listening.hpp"
#include "mcp_client/message_link.hpp"
#include "mcp_client/mrtr.hpp"

namespace gatehouse::mcp_client {

class StdioPeer final : public Peer, private RoundTrip {
 public:
  /// `link` has been started.
  StdioPeer(std::shared_ptr<MessageLink> link, ServerInfo info);
  ~StdioPeer() override;

  Task<Result<mcp::Answer>> request(mcp::Request request, Interaction* interaction) override;
  const ServerInfo& info() const override { return info_; }
  Task<Result<Followed>> follow(mcp::Interest interest) override;
  Task<> close() override;
  bool alive() const override { return link_->alive(); }

 private:
  Task<Result<Answered>> exchange(const mcp::Request& request, std::string_view capabilities,
                                  std::string_view extra_members) override;

  std::shared_ptr<MessageLink> link_;
  ServerInfo info_;
  std::string client_info_;
  std::shared_ptr<LinkListening> listening_;  // modern servers; null until something is followed
  LegacyFollowing following_;                 // the others
};

}  // namespace gatehouse::mcp_client
