#include "gateway/catalog_refresher.hpp"

#include "async/timer.hpp"

namespace gatehouse::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kAtOnce = 8;
constexpr auto kAllTogether = 8s;
constexpr auto kOld = 10min;      // a list without a hint of the server
constexpr auto kRetryBad = 1min;  // a connection that failed lately

Task<Result<bool>> wait_until_empty(std::set<std::string>& running, Condition& changed) {
  while (!running.empty()) co_await changed.wait();
  co_return true;
}

}  // namespace

CatalogRefresher::CatalogRefresher(Parts parts) : parts_(parts), changed_(parts.executor) {}

bool CatalogRefresher::due(const ConnectionEntry& entry) const {
  const SystemTime now = parts_.clock.now();
  if (entry.state.health == vault::Health::sign_in_required) return false;
  if (!entry.state.checked_at) return true;
  const auto age = now - *entry.state.checked_at;
  return entry.state.health == vault::Health::ready ? age >= kOld : age >= kRetryBad;
}

Task<> CatalogRefresher::prepare(std::string only, MemberId member) {
  bool wait = false;
  for (const ConnectionNote& note : parts_.directory.notes()) {
    if (!only.empty() && note.name != only) continue;
    const std::shared_ptr<ConnectionEntry> entry = parts_.directory.find(note.name);
    if (!entry || !due(*entry)) continue;
    if (!entry->listed) wait = true;
    if (running_.contains(note.name) || running_.size() >= kAtOnce) continue;
    running_.insert(note.name);
    parts_.tasks.spawn("refresh_catalog", refresh(entry, member));
  }
  if (!wait) co_return;
  (void)co_await with_timeout<bool>(kAllTogether, wait_until_empty(running_, changed_),
                                    "listing tools");
  (void)co_await parts_.directory.ensure_fresh();
}

Task<> CatalogRefresher::refresh(std::shared_ptr<ConnectionEntry> entry, MemberId member) {
  const std::string name = entry->connection->name;
  try {
    const upstream::Target target{entry->connection, std::move(member),
                                  entry->connection->default_account};
    // The listing goes on when we stop waiting; others may join it.
    (void)co_await with_timeout<upstream::ListOutcome>(5s, parts_.upstreams.refresh_catalog(target),
                                                       "listing " + name);
  } catch (...) {
    running_.erase(name);
    changed_.notify_all();
    throw;
  }
  running_.erase(name);
  changed_.notify_all();
}

}  // namespace gatehouse::gateway
