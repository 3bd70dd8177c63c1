// ShardDoor: in front of a Gateway where there are several. What belongs to another shard is handed
// over before anybody looks at it: a request on a legacy session, or a message for a stream of
// HTTP+SSE, goes where that lives, the pages that people sign in at are on shard 0. Authentication
// is the owner's, as for its own.
#pragma once

#include <string_view>
#include <vector>

#include "async/shards.hpp"
#include "gateway/session_ids.hpp"
#include "http/server.hpp"

namespace gatehouse::gateway {

class ShardDoor final : public http::Handler {
 public:
  /// `ids` must outlive the door.
  ShardDoor(ShardPlace place, const SessionIds& ids) : place_(place), ids_(ids) {}

  /// What is behind the doors, by shard. Before the first request; all must outlive the doors.
  void lead_to(std::vector<http::Handler*> gateways) { gateways_ = std::move(gateways); }

  Task<> handle(http::Exchange& exchange) override;

 private:
  std::size_t owner_of(const http::Request& request) const;
  std::size_t owner_of_session(std::string_view id) const;

  ShardPlace place_;
  const SessionIds& ids_;
  std::vector<http::Handler*> gateways_;
};

}  // namespace gatehouse::gateway
