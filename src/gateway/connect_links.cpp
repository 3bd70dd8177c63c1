#include "gateway/connect_links.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/random.hpp"

namespace gatehouse::gateway {

void ConnectLinks::make_room(SystemTime now) {
  std::erase_if(links_, [&](const auto& entry) { return now >= entry.second.expires_at; });
  if (links_.size() < kMaxLinks) return;
  links_.erase(std::ranges::min_element(links_, {},
                                        [](const auto& entry) { return entry.second.expires_at; }));
}

std::string ConnectLinks::make(ConnectLink need, SystemTime now) {
  std::erase_if(links_, [&](const auto& entry) { return now >= entry.second.expires_at; });
  for (auto& [id, link] : links_) {
    if (!link.started && link.key == need.key && link.step_up_scope == need.step_up_scope) {
      link.challenges = std::move(need.challenges);
      return id;
    }
  }
  make_room(now);
  need.id = random_token(16);
  need.expires_at = now + limits::kAuthorizationLife;
  need.started = false;
  const std::string id = need.id;
  links_.emplace(id, std::move(need));
  return id;
}

void ConnectLinks::adopt(ConnectLink link, SystemTime now) {
  make_room(now);
  std::string id = link.id;
  links_.insert_or_assign(std::move(id), std::move(link));
}

ConnectLink* ConnectLinks::find(const std::string& id, SystemTime now) {
  const auto found = links_.find(id);
  if (found == links_.end() || now >= found->second.expires_at) return nullptr;
  return &found->second;
}

}  // namespace gatehouse::gateway
