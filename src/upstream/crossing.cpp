// Requests whose upstream lives on another shard: they run there, and what they need of their
// requester crosses back: progress, questions, cancellation.
#include "upstream/crossing.hpp"

#include <algorithm>
#include <atomic>

#include "mcp/listen_filter.hpp"
#include "upstream/profile.hpp"
#include "upstream/upstream.hpp"

namespace gatehouse::upstream {
namespace {

/// How long shards may differ in what they know of a connection, generously: their feeds poll the
/// store one by one (kFeedPoll).
constexpr std::chrono::seconds kFeedsDiffer{2};

/// Notifications under way to a shard that does not keep up; progress beyond is dropped.
constexpr int kMostRelayed = 1024;

std::uint64_t hash(std::string_view organization, std::string_view connection,
                   std::string_view owner, std::string_view account) {
  std::uint64_t value = 14695981039346656037ULL;  // FNV-1a
  for (const std::string_view part : {organization, connection, owner, account}) {
    for (const char c : part) value = (value ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    value = (value ^ 0xFFU) * 1099511628211ULL;
  }
  return value;
}

/// The requester's sink, for the shard of the upstream. The requester waits for the end of the
/// request, which arrives behind everything that was posted before.
class FarSink final : public mcp::NotificationSink {
 public:
  FarSink(mcp::NotificationSink& sink, Executor home) : sink_(sink), home_(std::move(home)) {}

  void on_notification(std::string_view method, std::string_view params) override {
    if (under_way_.fetch_add(1) >= kMostRelayed) {
      under_way_.fetch_sub(1);
      return;
    }
    post_to(home_, [this, method = std::string(method), params = std::string(params)] {
      under_way_.fetch_sub(1);
      sink_.on_notification(method, params);
    });
  }

 private:
  mcp::NotificationSink& sink_;
  Executor home_;
  std::atomic<int> under_way_ = 0;
};

/// Who answers the server's questions, for the shard of the upstream.
class FarInteraction final : public mcp_client::Interaction {
 public:
  FarInteraction(mcp_client::Interaction& inner, Executor home)
      : inner_(inner),
        home_(std::move(home)),
        capabilities_(inner.capabilities()),
        relays_(inner.relays_input_required()) {}

  const mcp::ClientCapabilities& capabilities() const override { return capabilities_; }
  bool relays_input_required() const override { return relays_; }
  Task<Result<std::string>> answer(std::string_view method, std::string_view params) override {
    return run_on<Result<std::string>>(
        home_, [&inner = inner_, method, params] { return inner.answer(method, params); });
  }

 private:
  mcp_client::Interaction& inner_;
  Executor home_;
  mcp::ClientCapabilities capabilities_;
  bool relays_;
};

}  // namespace

mcp::Interest unite(const std::map<std::size_t, mcp::Interest>& interests) {
  mcp::Interest all;
  for (const auto& [shard, one] : interests) {
    all.tools |= one.tools;
    all.prompts |= one.prompts;
    all.resources |= one.resources;
    all.resource_uris.insert(one.resource_uris.begin(), one.resource_uris.end());
    all.task_ids.insert(one.task_ids.begin(), one.task_ids.end());
    all.log_level = std::string(lower_level(all.log_level, one.log_level));
  }
  return all;
}

std::size_t Upstreams::Crossing::owner_of(const Target& target) const {
  const vault::Connection& connection = *target.connection;
  const bool own = connection.mode == vault::CredentialMode::per_member;
  return hash(connection.organization.value, connection.id.value,
              own ? std::string_view(target.member.value) : std::string_view(), target.account) %
         place.shards.size();
}

std::size_t Upstreams::Crossing::owner_of(const vault::CredentialKey& key) const {
  return hash(key.organization.value, key.connection.value,
              key.owner ? std::string_view(key.owner->value) : std::string_view(), key.account) %
         place.shards.size();
}

std::optional<std::size_t> Upstreams::Crossing::route(const Target& target) const {
  if (target.connection->transport == vault::Transport::stdio) return owner_of(target);
  const auto known = modern.find(target.connection->id.value);
  if (known == modern.end()) return std::nullopt;
  return known->second ? place.here : owner_of(target);
}

void Upstreams::Crossing::forget(const std::string& connection) {
  ++forgotten;
  modern.erase(connection);
}

void Upstreams::join(const Shards& shards, const std::vector<Upstreams*>& all) {
  const auto live = std::make_shared<std::vector<std::atomic<std::size_t>>>(all.size());
  for (std::size_t shard = 0; shard < all.size(); ++shard)
    all[shard]->crossing_.reset(new Crossing{{shards, shard}, all, live, {}, 0, {}, {}, {}});
}

std::size_t Upstreams::live_everywhere() const {
  if (!crossing_) return live();
  (*crossing_->live)[crossing_->place.here].store(live(), std::memory_order_relaxed);
  std::size_t sum = 0;
  for (const std::atomic<std::size_t>& count : *crossing_->live)
    sum += count.load(std::memory_order_relaxed);
  return sum;
}

// From shard to shard, so that no two close one for the same newcomer.
void Upstreams::pass_on_for_room(std::size_t origin) {
  if (!crossing_) return;
  const std::size_t next = (crossing_->place.here + 1) % crossing_->all.size();
  if (next == origin) return;
  crossing_->place.shards.post(
      next, [there = crossing_->all[next], origin] { there->make_room_for(nullptr, origin); });
}

Task<std::size_t> Upstreams::find_shard(const Target& target) {
  if (const auto known = crossing_->route(target)) co_return *known;
  const std::uint64_t before = crossing_->forgotten;
  const vault::Connection& connection = *target.connection;
  const Result<vault::ConnectionState> state =
      co_await parts_.store.connections().load_state(connection.organization, connection.id);
  // What the store does not tell is found out by one.
  const bool modern = state && state->era == "modern";
  if (state && before == crossing_->forgotten)
    crossing_->modern.insert_or_assign(connection.id.value, modern);
  co_return modern ? crossing_->place.here : crossing_->owner_of(target);
}

Task<Result<Outcome>> Upstreams::request(Target target, mcp::Request request,
                                         mcp_client::Interaction* interaction) {
  // No frame more where nothing crosses.
  if (!crossing_ || crossing_->route(target) == crossing_->place.here)
    return request_here(std::move(target), std::move(request), interaction);
  return request_anywhere(std::move(target), std::move(request), interaction);
}

Task<Result<Outcome>> Upstreams::request_anywhere(Target target, mcp::Request request,
                                                  mcp_client::Interaction* interaction) {
  const std::size_t shard = co_await find_shard(target);
  const ShardPlace place = crossing_->place;
  if (shard == place.here)
    co_return co_await request_here(std::move(target), std::move(request), interaction);
  Upstreams& there = *crossing_->all[shard];
  const Executor home = place.shards.loop(place.here);
  CancelRelay cancel(request.cancel, place.shards.loop(shard));
  if (request.cancel != nullptr) request.cancel = &cancel.there();
  std::optional<FarSink> sink;
  if (request.sink != nullptr) request.sink = &sink.emplace(*request.sink, home);
  std::optional<FarInteraction> answers;
  if (interaction != nullptr) interaction = &answers.emplace(*interaction, home);
  co_return co_await place.shards.run<Result<Outcome>>(shard, [&] {
    return there.request_for_another(std::move(target), std::move(request), interaction);
  });
}

// A call that knows a connection as it was must not bring back what an edit has just closed.
Task<Result<void>> Upstreams::bring_up_to_date(Target& target) {
  const auto edited = crossing_->edited.find(target.connection->id.value);
  if (edited == crossing_->edited.end()) co_return Result<void>{};
  if (parts_.clock.steady_now() - edited->second > kFeedsDiffer) {
    crossing_->edited.erase(edited);
    co_return Result<void>{};
  }
  auto all = co_await parts_.store.connections().list(target.connection->organization);
  if (!all) co_return std::unexpected(all.error());
  const auto current = std::ranges::find(*all, target.connection->id, &vault::Connection::id);
  if (current == all->end()) {
    co_return fail(Errc::not_found, target.connection->name + " was removed",
                   "gatehouse list shows the connections");
  }
  if (current->revision != target.connection->revision)
    target.connection = std::make_shared<const vault::Connection>(std::move(*current));
  co_return Result<void>{};
}

Task<Result<Outcome>> Upstreams::request_for_another(Target target, mcp::Request request,
                                                     mcp_client::Interaction* interaction) {
  if (const auto known = co_await bring_up_to_date(target); !known)
    co_return std::unexpected(known.error());
  co_return co_await request_here(std::move(target), std::move(request), interaction);
}

Task<Result<ListOutcome>> Upstreams::list_for_another(Target target) {
  if (const auto known = co_await bring_up_to_date(target); !known)
    co_return std::unexpected(known.error());
  co_return co_await refresh_catalog_here(std::move(target));
}

// Whatever its era: one listing at a time for the whole process.
Task<Result<ListOutcome>> Upstreams::refresh_catalog(Target target) {
  const std::size_t shard = crossing_ ? crossing_->owner_of(target) : 0;
  if (!crossing_ || shard == crossing_->place.here) return refresh_catalog_here(std::move(target));
  return crossing_->place.shards.run<Result<ListOutcome>>(
      shard, [there = crossing_->all[shard], target = std::move(target)] {
        return there->list_for_another(target);
      });
}

Task<Result<std::optional<PersonNeeded>>> Upstreams::connect(Target target) {
  if (!crossing_ || crossing_->route(target) == crossing_->place.here)
    return connect_here(std::move(target));
  return connect_anywhere(std::move(target));
}

Task<Upstreams::Connected> Upstreams::connect_for_another(Target target) {
  if (const auto known = co_await bring_up_to_date(target); !known)
    co_return Connected{std::unexpected(known.error()), std::nullopt};
  Connected connected{co_await connect_here(target), std::nullopt};
  connected.info = info(target);
  co_return connected;
}

Task<Result<std::optional<PersonNeeded>>> Upstreams::connect_anywhere(Target target) {
  const std::size_t shard = co_await find_shard(target);
  if (shard == crossing_->place.here) co_return co_await connect_here(std::move(target));
  Connected connected = co_await crossing_->place.shards.run<Connected>(
      shard,
      [there = crossing_->all[shard], &target] { return there->connect_for_another(target); });
  const vault::CredentialKey key = credential_key(target);
  crossing_->infos.erase(key);
  if (connected.info) crossing_->infos.emplace(key, std::move(*connected.info));
  co_return std::move(connected.outcome);
}

// Whatever its era: one stream for the whole process.
Task<Result<FollowOutcome>> Upstreams::follow(Target target, mcp::Interest interest) {
  if (!crossing_) return follow_here(std::move(target), std::move(interest));
  const std::size_t shard = crossing_->owner_of(target);
  const std::size_t here = crossing_->place.here;
  if (shard == here) return follow_for(here, std::move(target), std::move(interest));
  return crossing_->place.shards.run<Result<FollowOutcome>>(
      shard,
      [there = crossing_->all[shard], here, target = std::move(target),
       interest = std::move(interest)] { return there->follow_for(here, target, interest); });
}

Task<Result<FollowOutcome>> Upstreams::follow_for(std::size_t shard, Target target,
                                                  mcp::Interest interest) {
  if (shard != crossing_->place.here) {
    if (const auto known = co_await bring_up_to_date(target); !known)
      co_return std::unexpected(known.error());
  }
  const vault::CredentialKey key = credential_key(target);
  std::map<std::size_t, mcp::Interest>& wanted = crossing_->followed[key];
  if (interest.empty()) {
    wanted.erase(shard);
  } else {
    wanted.insert_or_assign(shard, interest);
  }
  const mcp::Interest united = unite(wanted);
  if (wanted.empty()) crossing_->followed.erase(key);
  auto granted = co_await follow_here(std::move(target), united);
  if (!granted) co_return granted;
  if (mcp::Interest* all = std::get_if<mcp::Interest>(&*granted))
    *all = mcp::intersect(interest, *all);
  co_return granted;
}

void Upstreams::tell(const vault::CredentialKey& upstream, std::string_view method,
                     std::string_view params) {
  if (listener_) listener_(upstream, method, params);
  if (!crossing_) return;
  const auto followed = crossing_->followed.find(upstream);
  if (followed == crossing_->followed.end() || params.size() > limits::kProgressBytes) return;
  // Of this shard: what others have not taken yet.
  thread_local const auto under_way = std::make_shared<std::atomic<int>>(0);
  for (const auto& [shard, interest] : followed->second) {
    if (shard == crossing_->place.here || under_way->load() >= kMostRelayed) continue;
    under_way->fetch_add(1);
    crossing_->place.shards.post(shard,
                                 [there = crossing_->all[shard], taken = under_way, upstream,
                                  method = std::string(method), params = std::string(params)] {
                                   taken->fetch_sub(1);
                                   if (there->listener_) there->listener_(upstream, method, params);
                                 });
  }
}

void Upstreams::reset(const ConnectionId& connection) {
  reset_here(connection);
  if (!crossing_) return;
  for (std::size_t shard = 0; shard < crossing_->all.size(); ++shard) {
    if (shard == crossing_->place.here) continue;
    crossing_->place.shards.post(
        shard, [there = crossing_->all[shard], connection] { there->reset_here(connection); });
  }
}

void Upstreams::on_feed_lost() {
  if (!crossing_) return;
  ++crossing_->forgotten;
  crossing_->modern.clear();
}

void Upstreams::note_change(const vault::Change& change) {
  if (!crossing_) return;
  if (change.table == "states" || change.table == "connections") crossing_->forget(change.id);
  if (change.table == "connections") {
    const SteadyTime now = parts_.clock.steady_now();
    std::erase_if(crossing_->edited,
                  [&](const auto& entry) { return now - entry.second > kFeedsDiffer; });
    crossing_->edited.insert_or_assign(change.id, now);
    parts_.tasks.spawn("close_edited", close_edited(change.organization, ConnectionId{change.id}));
    std::erase_if(crossing_->infos,
                  [&](const auto& entry) { return entry.first.connection.value == change.id; });
  }
  if (change.table != "catalogs") return;
  // Listed by the owner; whoever calls directly mirrors arguments by what is stored.
  for (const auto& [key, upstream] : upstreams_) {
    const bool of_it = key.credential.connection.value == change.id && key.variant.empty();
    if (!of_it || !upstream->peer || crossing_->owns(key.credential)) continue;
    parts_.tasks.spawn("reload_schemas", reload_schemas(upstream));
  }
}

// A shard that heard of the edit before us may have had it opened anew already.
Task<> Upstreams::close_edited(OrganizationId organization, ConnectionId id) {
  auto all = co_await parts_.store.connections().list(std::move(organization));
  if (!all) {
    reset_here(id);
    co_return;
  }
  const auto current = std::ranges::find(*all, id, &vault::Connection::id);
  const bool serves = current != all->end() && current->options.enabled;
  std::erase_if(upstreams_, [&](const auto& entry) {
    const UpstreamPtr& upstream = entry.second;
    if (!(upstream->key.connection == id)) return false;
    if (serves && upstream->connection->revision >= current->revision) return false;
    retire(upstream);
    return true;
  });
  for (auto& [key, following] : following_) {
    if (!(key.connection == id)) continue;
    following.stale = true;
    following.next_try = {};
  }
}

Task<> Upstreams::reload_schemas(UpstreamPtr upstream) {
  (void)co_await load_schemas(upstream);
}

}  // namespace gatehouse::upstream
