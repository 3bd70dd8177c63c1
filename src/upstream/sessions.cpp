// Which session of an upstream serves a request. Modern servers have one peer for all; a legacy
// server one for each set of declared capabilities and, where its credential is shared by several
// members, for each of them: what it tells or asks must not reach another principal (design §2).
#include <fmt/format.h>

#include "upstream/profile.hpp"
#include "upstream/upstream.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::upstream {
namespace {

/// The part of a session's variant that names its member; empty where the upstream is one member's
/// anyhow.
std::string member_part(const Target& target) {
  const bool shared = target.connection->mode == vault::CredentialMode::shared;
  if (!shared || target.member == local_member()) return {};
  return target.member.value + " ";
}

}  // namespace

Upstreams::KeyView::KeyView(const Target& target)
    : organization(target.connection->organization.value),
      connection(target.connection->id.value),
      account(target.account),
      has_owner(target.connection->mode == vault::CredentialMode::per_member) {
  if (has_owner) owner = target.member.value;
}

Upstreams::KeyLess::Tied Upstreams::KeyLess::tie(const Key& key) {
  const vault::CredentialKey& of = key.credential;
  const bool has_owner = of.owner.has_value();
  return {of.connection.value, of.organization.value,
          has_owner,           has_owner ? std::string_view(of.owner->value) : std::string_view(),
          of.account,          key.variant};
}

Upstreams::UpstreamPtr Upstreams::find(const vault::CredentialKey& key,
                                       const std::string& variant) const {
  const auto found = upstreams_.find(Key{key, variant});
  return found == upstreams_.end() ? nullptr : found->second;
}

std::vector<Upstreams::UpstreamPtr> Upstreams::sessions_of(const vault::CredentialKey& key) const {
  std::vector<UpstreamPtr> sessions;
  for (auto entry = upstreams_.lower_bound(Key{key, {}});
       entry != upstreams_.end() && entry->first.credential == key; ++entry) {
    sessions.push_back(entry->second);
  }
  return sessions;
}

Upstreams::UpstreamPtr Upstreams::make(const Target& target, Key key,
                                       std::shared_ptr<Common> common) {
  const auto upstream = std::make_shared<Upstream>(target, key, std::move(common));
  upstream->ear = std::make_shared<Ear>(*this, upstream);
  const vault::ConnectionOptions& options = target.connection->options;
  if (!options.roots.empty() || !options.log_level.empty()) {
    std::unique_ptr<Attendant>& attendant =
        attendants_[{target.connection->id.value, target.connection->revision}];
    if (!attendant) {
      attendant = std::make_unique<Attendant>(*target.connection, parts_.log, parts_.clock);
    }
    upstream->attendant = attendant.get();
  }
  upstreams_.insert_or_assign(std::move(key), upstream);
  return upstream;
}

Upstreams::UpstreamPtr Upstreams::find_or_make(const Target& target) {
  const auto found = upstreams_.find(KeyView(target));
  if (found != upstreams_.end()) {
    const UpstreamPtr& known = found->second;
    // Another shard may not have heard of the newest revision yet.
    const bool same = known->connection == target.connection ||
                      known->connection->revision >= target.connection->revision;
    if (same && !(known->peer && !known->peer->alive())) return known;
  }
  Key key{credential_key(target), {}};
  std::shared_ptr<Common> common;
  for (const UpstreamPtr& session : sessions_of(key.credential)) {
    const bool same = session->connection->revision >= target.connection->revision;
    if (same) common = session->common;
    if (same && !session->variant.empty()) continue;
    upstreams_.erase(Key{session->key, session->variant});
    retire(session);
  }
  if (!common) common = std::make_shared<Common>(target, key.credential, parts_);
  return make(target, std::move(key), std::move(common));
}

Result<Upstreams::UpstreamPtr> Upstreams::choose_session(
    const Target& target, UpstreamPtr plain, const mcp::Request& request,
    const mcp_client::Interaction* interaction) {
  const bool own_roots = plain->attendant != nullptr && plain->attendant->has_roots();
  mcp::ClientCapabilities declared = relayed_capabilities(
      request, interaction, own_roots ? Roots::of_connection : Roots::of_requester);
  const std::string member = member_part(target);
  std::string variant = member;
  if (declared.raw != "{}") variant += declared.raw;
  if (variant.empty()) return plain;
  if (UpstreamPtr known = find(plain->key, variant)) {
    const bool usable = known->common == plain->common && !(known->peer && !known->peer->alive());
    if (usable) return known;
    upstreams_.erase(Key{known->key, known->variant});
    retire(known);
  }
  if (const auto room = make_room_for_profile(plain, member); !room) {
    return std::unexpected(room.error());
  }
  UpstreamPtr made = make(target, Key{plain->key, std::move(variant)}, plain->common);
  made->declared = std::move(declared);
  return made;
}

Result<void> Upstreams::make_room_for_profile(const UpstreamPtr& plain,
                                              std::string_view of_member) {
  UpstreamPtr oldest;
  std::size_t count = 0;
  for (const UpstreamPtr& session : sessions_of(plain->key)) {
    if (session->variant.empty() || !session->variant.starts_with(of_member)) continue;
    ++count;
    if (session->in_flight != 0 || is_followed(session)) continue;
    if (!oldest || session->last_used < oldest->last_used) oldest = session;
  }
  if (count < limits::kUpstreamProfiles) return {};
  if (!oldest) {
    return fail(Errc::rate_limited,
                fmt::format("{} has {} sessions for clients with other capabilities, and calls "
                            "under way in each (kUpstreamProfiles)",
                            plain->connection->name, count));
  }
  upstreams_.erase(Key{oldest->key, oldest->variant});
  retire(oldest);
  return {};
}

void Upstreams::adopt_modern(const UpstreamPtr& upstream) {
  if (upstream->variant.empty()) return;
  const auto entry = upstreams_.find(Key{upstream->key, upstream->variant});
  if (entry == upstreams_.end() || entry->second != upstream) return;
  upstreams_.erase(entry);
  const UpstreamPtr plain = find(upstream->key);
  if (!plain || plain->peer || plain->common != upstream->common) {
    retire(upstream);  // its calls under way end on it
    return;
  }
  plain->peer = upstream->peer;
  plain->last_used = upstream->last_used;
  plain->ear = upstream->ear;
  plain->ear->belong_to(plain);
}

}  // namespace gatehouse::upstream
