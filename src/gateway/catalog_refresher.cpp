#include "gateway/catalog_refresher.hpp"

#include <functional>

#include "async/timer.hpp"

namespace gatehouse::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kAtOnce = 8;
constexpr auto kAllTogether = 8s;
constexpr std::size_t kWaitingMost = 1000;  // to be told of one refresh

Task<Result<bool>> wait_until_empty(std::set<std::string>& running, Condition& changed) {
  while (!running.empty()) co_await changed.wait();
  co_return true;
}

bool is_list_changed(std::string_view method) {
  return method == "notifications/tools/list_changed" ||
         method == "notifications/prompts/list_changed" ||
         method == "notifications/resources/list_changed";
}

}  // namespace

CatalogRefresher::CatalogRefresher(Parts parts) : parts_(parts), changed_(parts.executor) {}

Freshness& CatalogRefresher::freshness_of(const ConnectionEntry& entry) {
  const ConnectionId& id = entry.connection->id;
  return freshness_.try_emplace(id, std::hash<ConnectionId>{}(id)).first->second;
}

bool CatalogRefresher::due(const ConnectionEntry& entry) {
  if (entry.state.health == vault::Health::sign_in_required) return false;
  const Freshness::Known known{
      .listed_at = entry.listed_at(),
      .checked_at = entry.state.checked_at,
      .ready = entry.state.health == vault::Health::ready,
      .ttl = std::chrono::milliseconds(entry.stored ? entry.stored->ttl_ms : 0)};
  return freshness_of(entry).due(known, parts_.clock.now());
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
    const Result<upstream::ListOutcome> listed = co_await with_timeout<upstream::ListOutcome>(
        5s, parts_.upstreams.refresh_catalog(target), "listing " + name);
    if (listed && std::holds_alternative<vault::StoredCatalog>(*listed)) {
      freshness_of(*entry).on_listed();
    } else {
      freshness_of(*entry).on_failed();
    }
  } catch (...) {
    running_.erase(name);
    changed_.notify_all();
    throw;
  }
  running_.erase(name);
  changed_.notify_all();
}

void CatalogRefresher::on_list_changed(const vault::CredentialKey& upstream,
                                       std::string_view method, std::function<void()> done) {
  if (!is_list_changed(method)) return;
  const std::shared_ptr<ConnectionEntry> entry = parts_.directory.find(upstream.connection);
  if (!entry) {
    if (done) done();
    return;
  }
  const auto [waiting, first] = soon_.try_emplace(upstream.connection);
  if (done && waiting->second.size() < kWaitingMost) waiting->second.push_back(std::move(done));
  if (!first) return;
  const Duration wait = freshness_of(*entry).on_list_changed(parts_.clock.steady_now());
  parts_.tasks.spawn("lists_changed", refresh_soon(upstream.connection,
                                                   upstream.owner.value_or(local_member()), wait));
}

Task<> CatalogRefresher::refresh_soon(ConnectionId id, MemberId member, Duration wait) {
  if (wait > Duration::zero()) co_await sleep_for(wait);
  std::shared_ptr<ConnectionEntry> entry = parts_.directory.find(id);
  while (entry && running_.contains(entry->connection->name)) {
    co_await changed_.wait();
    entry = parts_.directory.find(id);
  }
  // What is said from here on may be about a list later than the one we ask for now.
  const auto waiting = soon_.extract(id);
  if (entry) {
    running_.insert(entry->connection->name);
    co_await refresh(entry, std::move(member));
    (void)co_await parts_.directory.ensure_fresh();
  }
  if (waiting.empty()) co_return;
  for (const std::function<void()>& done : waiting.mapped()) done();
}

}  // namespace gatehouse::gateway
