#include "gateway/shard_door.hpp"

#include "gateway/connect_page.hpp"
#include "gateway/hand_over.hpp"

namespace gatehouse::gateway {

namespace {

/// What a message of HTTP+SSE (2024-11-05) is posted to, behind the path.
constexpr std::string_view kStreamQuery = "?sessionId=";

}  // namespace

// One that nobody here knows is refused by any shard.
std::size_t ShardDoor::owner_of_session(std::string_view id) const {
  const std::optional<std::size_t> shard = ids_.shard_of(id);
  return shard && *shard < place_.shards.size() ? *shard : place_.here;
}

std::size_t ShardDoor::owner_of(const http::Request& request) const {
  if (const auto session = request.headers.find("Mcp-Session-Id"))
    return owner_of_session(*session);
  const std::string_view target = request.target;
  if (const std::size_t at = target.find(kStreamQuery); at != std::string_view::npos) {
    const std::string_view id = target.substr(at + kStreamQuery.size());
    return owner_of_session(id.substr(0, id.find_first_of("&#")));
  }
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
