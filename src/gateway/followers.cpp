#include "gateway/followers.hpp"

#include <fmt/format.h>

#include "async/timer.hpp"
#include "gateway/resource_uris.hpp"
#include "gateway/web_resources.hpp"
#include "identity/decision.hpp"
#include "upstream/profile.hpp"

namespace gatehouse::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kAtOnce = 8;  // upstreams asked at the same time (design: rule 6)
constexpr auto kAsking = 30s;       // one of them

bool wants_lists(const mcp::Interest& interest) {
  return interest.tools || interest.prompts || interest.resources;
}

void add(mcp::Interest& to, const mcp::Interest& more) {
  to.tools |= more.tools;
  to.prompts |= more.prompts;
  to.resources |= more.resources;
  to.resource_uris.insert(more.resource_uris.begin(), more.resource_uris.end());
  to.task_ids.insert(more.task_ids.begin(), more.task_ids.end());
  to.log_level = std::string(upstream::lower_level(to.log_level, more.log_level));
}

}  // namespace

Followers::Followers(Parts parts, StateKeys keys)
    : parts_(parts), task_ids_(std::move(keys)), changed_(parts.executor) {}

Followers::~Followers() = default;

const identity::Principal& Followers::principal_of(const Entry& entry) const {
  return static_cast<const AgentCaller&>(entry.follower->caller()).principal;
}

bool Followers::in_scope(const Entry& entry, const ConnectionEntry& connection) const {
  if (!entry.connection.empty() && entry.connection != connection.connection->name) return false;
  return identity::decide(principal_of(entry), *connection.connection, identity::Access::read)
             .verdict == identity::Verdict::allow;
}

Task<Result<mcp::Interest>> Followers::follow(std::shared_ptr<mcp_server::Follower> follower,
                                              std::string connection, mcp::Interest wanted) {
  if (const auto fresh = co_await parts_.directory.ensure_fresh(); !fresh)
    co_return std::unexpected(fresh.error());
  mcp_server::Follower* const key = follower.get();
  Entry draft{.follower = std::move(follower), .connection = std::move(connection)};
  const auto known = entries_.find(key);
  const bool is_new = known == entries_.end();
  const mcp::Interest before = is_new ? mcp::Interest{} : known->second.granted;
  Wants old = is_new ? Wants{} : known->second.wants;
  Result<Wants> wants = take_apart(draft, wanted, before);
  if (!wants) co_return std::unexpected(wants.error());
  draft.wants = std::move(*wants);
  draft.granted = wanted;
  draft.seen = is_new ? lists_of(draft) : known->second.seen;
  const std::uint64_t round = is_new ? 1 : known->second.round + 1;
  draft.round = round;
  const Wants now = draft.wants;
  entries_.insert_or_assign(key, std::move(draft));
  settle_later(old);
  settle_later(now);
  for (const auto& [upstream, want] : now) {
    if (!want.interest.resource_uris.empty()) co_await settle(upstream);
  }
  if (!watching_ && !parts_.tasks.closed()) {
    watching_ = true;
    parts_.tasks.spawn("watch_followed", watch());
  }
  const auto found = entries_.find(key);
  if (found == entries_.end()) co_return mcp::Interest{};  // it left meanwhile
  if (found->second.round != round) {                      // it has asked for something else since
    Entry copy = found->second;
    co_return grant(copy, std::move(wanted), before);
  }
  auto granted = grant(found->second, std::move(wanted), before);
  settle_later(now);  // without what was refused
  co_return granted;
}

void Followers::unfollow(mcp_server::Follower& follower) {
  const auto found = entries_.find(&follower);
  if (found == entries_.end()) return;
  const Wants wants = std::move(found->second.wants);
  entries_.erase(found);
  settle_later(wants);
  changed_.notify_all();
}

Followers::Want* Followers::want_of(const Entry& entry, std::string_view connection,
                                    Wants& wants) const {
  const std::shared_ptr<ConnectionEntry> found = parts_.directory.find(connection);
  if (!found || !in_scope(entry, *found)) return nullptr;
  upstream::Target target{found->connection, principal_of(entry).member,
                          found->connection->default_account};
  Want& want = wants[upstream::credential_key(target)];
  want.connection = found->connection->name;
  want.target = std::move(target);
  return &want;
}

// Whoever asks for list changes at /mcp/all by subscriptions/listen gets them of every server; a
// legacy session hears of them unasked, and for that nothing is opened.
void Followers::add_lists(const Entry& entry, const mcp::Interest& wanted, Wants& wants) const {
  if (!wants_lists(wanted) && wanted.log_level.empty()) return;
  for (const auto& [name, found] : parts_.directory.entries()) {
    if (!in_scope(entry, *found)) continue;
    if (found->state.health == vault::Health::sign_in_required) continue;
    const upstream::Target target{found->connection, principal_of(entry).member,
                                  found->connection->default_account};
    const bool unasked = entry.connection.empty() && entry.follower->era() == mcp::Era::legacy;
    if (unasked && !parts_.upstreams.info(target)) continue;
    if (Want* const want = want_of(entry, name, wants)) {
      want->interest.tools = wanted.tools;
      want->interest.prompts = wanted.prompts;
      want->interest.resources = wanted.resources;
      want->interest.log_level = wanted.log_level;
    }
  }
}

Result<void> Followers::add_resource(const Entry& entry, const std::string& uri,
                                     Wants& wants) const {
  OriginalUri original{entry.connection, uri};
  if (entry.connection.empty()) {
    Result<OriginalUri> found = find_resource(parts_.directory, principal_of(entry), uri);
    if (!found) return std::unexpected(found.error());
    original = std::move(*found);
  }
  Want* const want = want_of(entry, original.connection, wants);
  if (want == nullptr) return fail(Errc::not_found, "unknown resource " + quote_remote(uri, 200));
  want->interest.resource_uris.insert(std::move(original.uri));
  return {};
}

void Followers::add_task(const Entry& entry, const std::string& id, Wants& wants) const {
  const std::optional<TaskName> task = task_ids_.open(principal_of(entry), id);
  if (!task || (!entry.connection.empty() && entry.connection != task->connection)) return;
  if (is_withdrawn(parts_.directory, *task)) return;
  if (Want* const want = want_of(entry, task->connection, wants)) {
    want->interest.task_ids.insert(task->id);
    want->tasks.insert_or_assign(task->id, id);
  }
}

Result<Followers::Wants> Followers::take_apart(const Entry& entry, const mcp::Interest& wanted,
                                               const mcp::Interest& before) const {
  Wants wants;
  add_lists(entry, wanted, wants);
  for (const std::string& uri : wanted.resource_uris) {
    const Result<void> added = add_resource(entry, uri, wants);
    // A listener is told what was granted of its filter, and what was granted may go.
    const bool is_asked =
        entry.follower->era() == mcp::Era::legacy && !before.resource_uris.contains(uri);
    if (!added && is_asked) return std::unexpected(added.error());
  }
  for (const std::string& id : wanted.task_ids) add_task(entry, id, wants);
  return wants;
}

Result<mcp::Interest> Followers::grant(Entry& entry, mcp::Interest wanted,
                                       const mcp::Interest& before) {
  mcp::Interest granted = wanted;
  granted.resource_uris.clear();
  granted.task_ids.clear();
  std::optional<Error> problem;
  for (auto& [key, want] : entry.wants) {
    const auto asked = asked_.find(key);
    for (auto uri = want.interest.resource_uris.begin();
         uri != want.interest.resource_uris.end();) {
      if (asked != asked_.end() && asked->second->granted.resource_uris.contains(*uri)) {
        ++uri;
        continue;
      }
      if (asked != asked_.end() && asked->second->problem) problem = asked->second->problem;
      uri = want.interest.resource_uris.erase(uri);
    }
    for (const auto& [theirs, ours] : want.tasks) granted.task_ids.insert(ours);
  }
  for (const std::string& uri : wanted.resource_uris) {
    std::string original = uri;
    if (entry.connection.empty()) {
      const auto found = find_resource(parts_.directory, principal_of(entry), uri);
      original = found ? found->uri : std::string();
    }
    const bool is_granted = std::ranges::any_of(entry.wants, [&](const auto& want) {
      return want.second.interest.resource_uris.contains(original);
    });
    if (is_granted) granted.resource_uris.insert(uri);
    const bool is_asked =
        entry.follower->era() == mcp::Era::legacy && !before.resource_uris.contains(uri);
    if (is_granted || !is_asked) continue;
    entry.granted = before;
    return std::unexpected(problem.value_or(
        Error{Errc::unsupported, "its server does not tell when this resource changes",
              "read it again when you need it"}));
  }
  entry.granted = granted;
  return granted;
}

mcp::Interest Followers::united(const vault::CredentialKey& key) const {
  mcp::Interest interest;
  for (const auto& [follower, entry] : entries_) {
    if (const auto want = entry.wants.find(key); want != entry.wants.end())
      add(interest, want->second.interest);
  }
  return interest;
}

Followers::Interests Followers::united() const {
  Interests all;
  for (const auto& [follower, entry] : entries_) {
    for (const auto& [key, want] : entry.wants) add(all[key], want.interest);
  }
  return all;
}

void Followers::settle_later(const Wants& wants) {
  for (const auto& [key, want] : wants) settle_later(key, want, united(key));
}

void Followers::settle_later(const Wants& wants, const Interests& all) {
  for (const auto& [key, want] : wants) {
    const auto wanted = all.find(key);
    settle_later(key, want, wanted == all.end() ? mcp::Interest{} : wanted->second);
  }
}

void Followers::settle_later(const vault::CredentialKey& key, const Want& want,
                             const mcp::Interest& wanted) {
  if (parts_.tasks.closed()) return;
  std::shared_ptr<Asked>& asked = asked_[key];
  if (!asked) asked = std::make_shared<Asked>();
  asked->target = want.target;
  if (!asked->busy && wanted != asked->wanted) parts_.tasks.spawn("follow_upstream", settle(key));
}

// Until what is asked of the upstream is what its followers want.
Task<> Followers::settle(vault::CredentialKey key) {
  const auto found = asked_.find(key);
  if (found == asked_.end()) co_return;
  const std::shared_ptr<Asked> asked = found->second;
  while (asked->busy) co_await changed_.wait();
  while (asking_ >= kAtOnce) co_await changed_.wait();
  if (asked->busy) co_return;
  asked->busy = true;
  ++asking_;
  try {
    while (united(key) != asked->wanted) co_await ask(key, *asked);
  } catch (...) {
    asked->busy = false;
    --asking_;
    changed_.notify_all();
    throw;
  }
  asked->busy = false;
  --asking_;
  if (const auto now = asked_.find(key); now != asked_.end() && asked->wanted.empty())
    asked_.erase(now);
  changed_.notify_all();
}

Task<> Followers::ask(vault::CredentialKey key, Asked& asked) {
  asked.wanted = united(key);
  auto outcome = co_await with_timeout<upstream::FollowOutcome>(
      kAsking, parts_.upstreams.follow(asked.target, asked.wanted),
      "following " + asked.target.connection->name);
  asked.problem.reset();
  asked.granted = {};
  if (!outcome) {
    asked.problem = outcome.error();
  } else if (const auto* needed = std::get_if<upstream::PersonNeeded>(&*outcome)) {
    asked.problem = needed->error;
  } else {
    asked.granted = std::get<mcp::Interest>(std::move(*outcome));
  }
  if (asked.problem) {
    parts_.log.warn("not_followed", {{"connection", asked.target.connection->name},
                                     {"reason", asked.problem->detail}});
  }
}

}  // namespace gatehouse::gateway
