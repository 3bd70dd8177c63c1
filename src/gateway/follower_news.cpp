// What followers are told: the half of Followers that goes from upstreams and the change feed to
// them.
#include <functional>
#include <random>

#include "async/timer.hpp"
#include "gateway/followers.hpp"
#include "gateway/notification_relay.hpp"
#include "gateway/resource_uris.hpp"
#include "gateway/uri_rewriter.hpp"
#include "identity/decision.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kToldAtMost = 2000;  // waiting to be delivered; more are dropped
constexpr auto kWatch = 60s;               // servers that tell nothing are looked at so often
constexpr auto kWatchJitter = 15s;

}  // namespace

void Followers::on_notification(const vault::CredentialKey& upstream, std::string_view method,
                                std::string_view params) {
  if (parts_.tasks.closed()) return;
  if (params.empty()) params = "{}";
  if (told_.size() >= kToldAtMost || params.size() > limits::kProgressBytes) {
    parts_.log.warn("notification_dropped", {{"method", method.substr(0, 80)}});
    return;
  }
  told_.push_back({upstream, std::string(method), std::string(params)});
  if (!std::exchange(delivering_, true)) parts_.tasks.spawn("tell_followers", deliver());
}

// Grants are looked at when the directory is up to date.
Task<> Followers::deliver() {
  try {
    while (!told_.empty()) {
      if (!parts_.directory.fresh()) (void)co_await parts_.directory.ensure_fresh();
      const Told told = std::move(told_.front());
      told_.pop_front();
      if (parts_.directory.fresh()) deliver(told);
    }
  } catch (...) {
    delivering_ = false;
    throw;
  }
  delivering_ = false;
}

void Followers::deliver(const Told& told) {
  if (told.method.ends_with("/list_changed")) {
    lists_changed(told);
    return;
  }
  for (const auto& [follower, entry] : entries_) {
    const auto want = entry.wants.find(told.upstream);
    if (want != entry.wants.end() && may_hear(entry, want->second))
      deliver(told, entry, want->second);
  }
}

bool Followers::has_expired(const Entry& entry) const {
  const auto& expires_at = principal_of(entry).expires_at;
  return expires_at && *expires_at <= parts_.clock.now();
}

bool Followers::may_hear(const Entry& entry, const Want& want) const {
  if (has_expired(entry)) return false;
  const std::shared_ptr<ConnectionEntry> found = parts_.directory.find(want.connection);
  return found && found->connection->id == want.target.connection->id && in_scope(entry, *found);
}

void Followers::deliver(const Told& told, const Entry& entry, const Want& want) {
  const bool all = entry.connection.empty();
  std::string params = told.params;
  if (told.method == "notifications/resources/updated") {
    if (want.interest.resource_uris.empty()) return;
    const auto uri = jsonrpc::JsonView::of_proved(params).string("uri");
    const std::string asked = all && uri ? explicit_uri(want.connection, *uri) : std::string();
    if (entry.granted.resource_uris.contains(asked)) {  // a web URI, asked for by its long form
      entry.follower->post(told.method, replace_member(params, "uri", jsonrpc::quote(asked)));
      return;
    }
  } else if (told.method == "notifications/tasks") {
    const auto id = jsonrpc::JsonView::of_proved(params).string("taskId");
    const auto ours = id ? want.tasks.find(*id) : want.tasks.end();
    if (ours == want.tasks.end()) return;
    params = replace_member(params, "taskId", jsonrpc::quote(ours->second));
  } else if (told.method == "notifications/message") {
    if (want.interest.log_level.empty()) return;
    if (all) params = attributed_log(params, want.connection);
  } else {
    return;
  }
  if (all) {
    auto mapped = map_uris(told.method, want.connection, params);
    if (!mapped) return;
    if (*mapped) params = std::move(**mapped);
  }
  entry.follower->post(told.method, params);
}

// The agents will ask for the lists: what is stored is brought up to date first. A server's word
// goes on even if nothing of what agents may see has changed.
void Followers::lists_changed(const Told& told) {
  parts_.refresher.on_list_changed(told.upstream, told.method, [this, told] {
    for (auto& [follower, entry] : entries_) {
      const auto want = entry.wants.find(told.upstream);
      if (want == entry.wants.end() || !may_hear(entry, want->second)) continue;
      if (told.method == "notifications/tools/list_changed") entry.tools_due = true;
      if (told.method == "notifications/prompts/list_changed") entry.prompts_due = true;
      if (told.method == "notifications/resources/list_changed") entry.resources_due = true;
    }
    if (!entries_.empty()) tell_lists_soon();
  });
}

void Followers::on_change(const vault::Change& change) {
  if (change.table != "connections" && change.table != "catalogs") return;
  if (!entries_.empty()) tell_lists_soon();
}

void Followers::tell_lists_soon() {
  tell_again_ = true;
  if (parts_.tasks.closed() || std::exchange(telling_, true)) return;
  parts_.tasks.spawn("tell_lists", tell_lists());
}

Task<> Followers::tell_lists() {
  try {
    while (std::exchange(tell_again_, false)) {
      co_await sleep_for(20ms);
      if (const auto fresh = co_await parts_.directory.ensure_fresh(); !fresh) break;
      co_await hash_lists();
      look_again();
      for (auto& [follower, entry] : entries_) {
        if (has_expired(entry)) continue;
        const Lists now = lists_of(entry);
        const bool tools = std::exchange(entry.tools_due, false) || now.tools != entry.seen.tools;
        const bool prompts =
            std::exchange(entry.prompts_due, false) || now.prompts != entry.seen.prompts;
        const bool resources =
            std::exchange(entry.resources_due, false) || now.resources != entry.seen.resources;
        entry.seen = now;
        if (tools && entry.granted.tools)
          entry.follower->post("notifications/tools/list_changed", "{}");
        if (prompts && entry.granted.prompts)
          entry.follower->post("notifications/prompts/list_changed", "{}");
        if (resources && entry.granted.resources)
          entry.follower->post("notifications/resources/list_changed", "{}");
      }
      co_await sleep_for(limits::kListChangedPause);
    }
  } catch (...) {
    telling_ = false;
    throw;
  }
  telling_ = false;
}

// Long lists take a while: others of the shard come in between.
Task<> Followers::hash_lists() {
  std::vector<std::shared_ptr<const ConnectionEntry>> due;
  for (const auto& [name, entry] : parts_.directory.entries())
    if (!entry->hashed()) due.push_back(entry);
  for (const auto& entry : due) {
    (void)entry->hashes();
    co_await sleep_for(0ms);
  }
}

Followers::Lists Followers::lists_of(const Entry& entry) const {
  Lists lists;
  for (const auto& [name, found] : parts_.directory.entries()) {
    if (!in_scope(entry, *found)) continue;
    const auto add = [&](std::size_t& hash, std::size_t of_list) {
      if (of_list == 0) return;
      hash = mix_hashes(mix_hashes(hash, std::hash<std::string_view>{}(name)), of_list);
    };
    const ListHashes& hashes = found->hashes();
    add(lists.tools, hashes.tools);
    add(lists.prompts, hashes.prompts);
    add(lists.resources, hashes.resources);
    add(lists.resources, hashes.templates);
  }
  return lists;
}

// Connections may have come, gone or been opened: what is followed of lists and logs follows.
void Followers::look_again() {
  Wants touched;
  for (auto& [follower, entry] : entries_) {
    Wants wants;
    add_lists(entry, entry.granted, wants);
    for (const auto& [key, want] : entry.wants) {
      const bool more = !want.interest.resource_uris.empty() || !want.tasks.empty();
      if (!more || !may_hear(entry, want)) continue;
      Want& kept = wants[key];
      kept.connection = want.connection;
      kept.target = want.target;
      kept.tasks = want.tasks;
      kept.interest.resource_uris = want.interest.resource_uris;
      kept.interest.task_ids = want.interest.task_ids;
    }
    for (const auto& [key, want] : wants) touched.insert_or_assign(key, want);
    touched.merge(std::exchange(entry.wants, std::move(wants)));
  }
  settle_later(touched, united());
}

Task<Result<bool>> Followers::all_left() {
  while (!entries_.empty()) co_await changed_.wait();
  co_return true;
}

// Servers that cannot tell are listed when what they said last is old (reference K-4, G-12).
Task<> Followers::watch() {
  std::minstd_rand random{std::random_device{}()};
  try {
    while (!entries_.empty()) {
      const auto jitter =
          std::chrono::milliseconds(random() % std::chrono::milliseconds(kWatchJitter).count());
      if (co_await with_timeout<bool>(kWatch + jitter, all_left(), "watching")) continue;
      if (const auto fresh = co_await parts_.directory.ensure_fresh(); !fresh) continue;
      look_again();
      std::map<std::string, MemberId> silent;
      for (const auto& [key, asked] : asked_) {
        if (asked->wanted.tools && !asked->granted.tools && !asked->problem)
          silent.emplace(asked->target.connection->name, asked->target.member);
      }
      for (const auto& [name, member] : silent) co_await parts_.refresher.prepare(name, member);
    }
  } catch (...) {
    watching_ = false;
    throw;
  }
  watching_ = false;
}

}  // namespace gatehouse::gateway
