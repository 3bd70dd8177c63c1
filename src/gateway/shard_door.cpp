#include "gateway/shard_door.hpp"

#include "gateway/connect_page.hpp"
#include "gateway/hand_over.hpp"

namespace gatehouse::gateway {

std::size_t ShardDoor::owner_of(const http::Request& request) const {
  if (const auto session = request.headers.find("Mcp-Session-Id")) {
    const std::optional<std::size_t> shard = ids_.shard_of(*session);
    // One that nobody here knows is refused by any shard.
    return shard && *shard < place_.shards.size() ? *shard : place_.here;
  }
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  return ConnectPage::owns(path) ? 0 : place_.here;
}

// No coroutine where nothing is handed over: a frame costs.
Task<> ShardDoor::handle(http::Exchange& exchange) {
  if (!place_.alone()) {
    const std::size_t owner = owner_of(exchange.request());
    if (owner != place_.here) return hand_over(exchange, place_, owner, *gateways_[owner]);
  }
  return gateways_[place_.here]->handle(exchange);
}

}  // namespace gatehouse::gateway
