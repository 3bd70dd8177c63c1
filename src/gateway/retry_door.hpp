// RetryDoor: in front of a service where there are several shards. A retry whose requestState names
// a call that is parked on another shard is answered there (design §5), by the same service of that
// shard's gateway; whatever else comes is answered here.
#pragma once

#include <vector>

#include "async/shards.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::gateway {

class RetryDoor final : public mcp_server::Service {
 public:
  /// `inner` must outlive the door.
  explicit RetryDoor(mcp_server::Service& inner) : inner_(inner) {}

  /// The doors of the same endpoint on all shards, by number, this one among them; before the first
  /// request.
  void join(ShardPlace place, std::vector<RetryDoor*> doors);

  Task<mcp_server::ServerDescription> describe(const mcp_server::Caller& caller) override {
    return inner_.describe(caller);
  }
  Task<mcp_server::Reply> handle(mcp_server::Call& call) override;
  Task<gatehouse::Result<mcp::Interest>> follow(std::shared_ptr<mcp_server::Follower> follower,
                                                mcp::Interest wanted) override {
    return inner_.follow(std::move(follower), std::move(wanted));
  }
  void unfollow(mcp_server::Follower& follower) override { inner_.unfollow(follower); }

 private:
  Task<mcp_server::Reply> answer_there(mcp_server::Call& call, std::size_t shard);

  mcp_server::Service& inner_;
  std::optional<ShardPlace> place_;  ///< nothing: the only one
  std::vector<RetryDoor*> doors_;
};

}  // namespace gatehouse::gateway
