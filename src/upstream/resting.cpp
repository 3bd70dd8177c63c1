// Upstreams that rest: which are closed, and when. Never one with a call or a listing under way.
#include "async/timer.hpp"
#include "upstream/crossing.hpp"
#include "upstream/upstream.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::upstream {
namespace {

constexpr std::chrono::seconds kSweep{5};

/// Nothing: never closed for being idle.
std::optional<std::chrono::milliseconds> idle_time(const vault::Connection& connection) {
  const auto told = connection.options.idle_timeout;
  if (told && told->count() == 0) return std::nullopt;
  return told.value_or(limits::kUpstreamIdle);
}

}  // namespace

void Upstreams::retire(const UpstreamPtr& upstream) {
  upstream->retired = true;
  if (upstream->in_flight == 0 && upstream->peer)
    parts_.tasks.spawn("close_upstream", close_peer(upstream->peer));
}

void Upstreams::reset_here(const ConnectionId& connection) {
  std::erase_if(upstreams_, [&](const auto& entry) {
    if (!(entry.first.credential.connection == connection)) return false;
    retire(entry.second);
    return true;
  });
  for (auto& [key, following] : following_) {
    if (!(key.connection == connection)) continue;
    following.stale = true;
    following.next_try = {};
  }
}

void Upstreams::on_change(const vault::Change& change) {
  if (change.table == "connections" && !crossing_) reset_here(ConnectionId{change.id});
  note_change(change);
}

void Upstreams::close_idle() {
  const SteadyTime now = parts_.clock.steady_now();
  std::erase_if(upstreams_, [&](const auto& entry) {
    const UpstreamPtr& upstream = entry.second;
    if (upstream->in_flight != 0 || !upstream->peer || is_followed(upstream)) return false;
    const auto limit = idle_time(*upstream->connection);
    if (!limit || now - upstream->last_used < *limit) return false;
    retire(upstream);
    return true;
  });
  (void)live_everywhere();
}

Task<> Upstreams::run_idle_sweep() {
  while (true) {
    co_await sleep_for(kSweep);
    close_idle();
    keep_following();
  }
}

std::size_t Upstreams::live() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      upstreams_, [](const auto& entry) { return entry.second->peer != nullptr; }));
}

void Upstreams::make_room(const UpstreamPtr& opened) {
  make_room_for(opened, crossing_ ? crossing_->place.here : 0);
}

void Upstreams::make_room_for(const UpstreamPtr& opened, std::size_t origin) {
  while (live_everywhere() > static_cast<std::size_t>(std::max(1, parts_.max_live))) {
    auto oldest = upstreams_.end();
    for (auto entry = upstreams_.begin(); entry != upstreams_.end(); ++entry) {
      const UpstreamPtr& upstream = entry->second;
      if (upstream == opened || upstream->in_flight != 0 || !upstream->peer) continue;
      if (is_followed(upstream)) continue;  // it would only be opened again
      if (oldest == upstreams_.end() || upstream->last_used < oldest->second->last_used)
        oldest = entry;
    }
    // All are busy: none of them pays for the newcomer.
    if (oldest == upstreams_.end()) return pass_on_for_room(origin);
    parts_.log.debug("upstream_closed", {{"connection", oldest->second->connection->name},
                                         {"reason", "max_live, least recently used"}});
    const UpstreamPtr gone = oldest->second;
    upstreams_.erase(oldest);
    retire(gone);
  }
}

}  // namespace gatehouse::upstream
