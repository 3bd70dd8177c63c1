// RetryDoor: in front of a service where there are several shards. A retry whose requestState names
// a call that is parked on another shard is answered there (design §5), by the same service of that
// shard's gateway; whatever else comes is answered here.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "async/shards.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::gateway {

/// The way to the services of the other shards; filled before the first request. One per gateway.
struct RetryRoutes {
  std::optional<ShardPlace> place;  ///< nothing: the only shard
  /// The service of an endpoint ("/mcp") on another shard; called there. Null: the caller has none.
  std::function<mcp_server::Service*(std::size_t shard, std::string_view endpoint,
                                     const mcp_server::Caller& caller)>
      find;
};

class RetryDoor final : public mcp_server::Service {
 public:
  /// `inner` and `routes` must outlive the door.
  RetryDoor(mcp_server::Service& inner, std::string endpoint, const RetryRoutes& routes)
      : inner_(inner), endpoint_(std::move(endpoint)), routes_(routes) {}

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
  using FarService = std::function<mcp_server::Service*()>;
  static Task<mcp_server::Reply> answer_by(FarService there, mcp_server::Call& call);
  Task<mcp_server::Reply> answer_there(mcp_server::Call& call, std::size_t shard);

  mcp_server::Service& inner_;
  std::string endpoint_;
  const RetryRoutes& routes_;
};

}  // namespace gatehouse::gateway
