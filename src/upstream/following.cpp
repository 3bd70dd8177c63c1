// What is followed at upstreams outside of requests: one session of each tells it, it is asked
// again wherever that session is opened anew, and lost ones are opened again by the sweep.
#include <algorithm>

#include "jsonrpc/json.hpp"
#include "upstream/profile.hpp"
#include "upstream/upstream.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::upstream {
namespace {

/// What a new session has not told of may have changed.
void tell_changed(const mcp::Interest& granted,
                  const std::function<void(std::string_view, std::string_view)>& tell) {
  if (granted.tools) tell("notifications/tools/list_changed", "{}");
  if (granted.prompts) tell("notifications/prompts/list_changed", "{}");
  if (granted.resources) tell("notifications/resources/list_changed", "{}");
  for (const std::string& uri : granted.resource_uris) {
    tell("notifications/resources/updated", "{\"uri\":" + jsonrpc::quote(uri) + "}");
  }
}

}  // namespace

/// False for the sessions of single members that share a credential: what their server says is not
/// for the others.
bool Upstreams::is_of_all(const Upstream& upstream) {
  return upstream.variant.empty() || upstream.variant.starts_with('{');
}

bool Upstreams::is_followed(const UpstreamPtr& upstream) const {
  const auto found = following_.find(upstream->key);
  return found != following_.end() && found->second.session.lock() == upstream;
}

/// One that is open, rather than opening one for this alone; never one with calls of a member that
/// others share the credential with.
Upstreams::UpstreamPtr Upstreams::session_to_follow(const UpstreamPtr& plain) const {
  const auto is_open = [](const UpstreamPtr& session) {
    return session && !session->retired && session->peer && session->peer->alive();
  };
  const auto found = following_.find(plain->key);
  UpstreamPtr before = found == following_.end() ? nullptr : found->second.session.lock();
  if (is_open(before) && before->common == plain->common) return before;
  if (is_open(plain)) return plain;
  for (const UpstreamPtr& session : sessions_of(plain->key)) {
    if (is_of_all(*session) && is_open(session) && session->common == plain->common) return session;
  }
  return plain;
}

mcp::Interest Upstreams::interest_of(const Upstream& upstream) const {
  const auto found = following_.find(upstream.key);
  mcp::Interest interest;
  if (found != following_.end()) {
    if (is_of_all(upstream)) interest = found->second.interest;
    interest.log_level = found->second.interest.log_level;
  }
  if (upstream.attendant != nullptr && upstream.attendant->logs()) {
    interest.log_level = lower_level(interest.log_level, upstream.attendant->log_level());
  }
  interest.log_level = std::string(lower_level(interest.log_level, upstream.raised_level));
  return interest;
}

Task<Result<FollowOutcome>> Upstreams::follow_here(Target target, mcp::Interest interest) {
  const vault::CredentialKey key = credential_key(target);
  if (interest.empty()) {
    const auto found = following_.find(key);
    if (found == following_.end()) co_return FollowOutcome(mcp::Interest{});
    following_.erase(found);
    for (const UpstreamPtr& session : sessions_of(key)) {
      if (session->peer) co_await unfollow(session);
    }
    co_return FollowOutcome(mcp::Interest{});
  }
  if (const auto enabled = require_enabled(*target.connection); !enabled)
    co_return std::unexpected(enabled.error());
  if (const auto readable = require_secrets(*target.connection); !readable)
    co_return std::unexpected(readable.error());
  Following& following = following_[key];
  following.target = target;
  following.interest = interest;
  following.stale = false;
  auto outcome = co_await follow_now(target, std::move(interest));
  // The other sessions with a legacy server are told as well: a change that a call makes in one
  // need not be told in another.
  for (const UpstreamPtr& session : sessions_of(key)) {
    if (session->peer && !is_followed(session)) {
      parts_.tasks.spawn("follow_beside", tell_interest(session, session->peer));
    }
  }
  co_return outcome;
}

Task<> Upstreams::unfollow(UpstreamPtr upstream) {
  const InFlight place(upstream, parts_);
  const std::shared_ptr<mcp_client::Peer> peer = upstream->peer;
  const auto answer = co_await peer->follow(interest_of(*upstream));
  if (!answer) {
    parts_.log.debug("upstream_not_unfollowed", {{"connection", upstream->connection->name},
                                                 {"reason", answer.error().detail}});
  }
}

Task<Result<FollowOutcome>> Upstreams::follow_now(Target target, mcp::Interest interest) {
  const UpstreamPtr plain = find_or_make(target);
  if (const auto admitted = admit(*plain); !admitted) co_return std::unexpected(admitted.error());
  const UpstreamPtr session = session_to_follow(plain);
  const InFlight place(session, parts_);
  if (const auto found = following_.find(session->key); found != following_.end()) {
    found->second.session = session;
    ++found->second.asking;
  }
  const std::shared_ptr<void> asked(nullptr, [this, key = session->key](void*) {
    const auto found = following_.find(key);
    if (found != following_.end() && found->second.asking > 0) --found->second.asking;
  });
  try {
    for (bool repeated = false;; repeated = true) {
      while (!session->peer) {
        Result<OpenOutcome> opened = co_await ensure_open(session);
        if (!opened) {
          record(session, &opened.error());
          co_return std::unexpected(opened.error());
        }
        if (auto* needed = std::get_if<PersonNeeded>(&*opened)) co_return std::move(*needed);
      }
      const std::shared_ptr<mcp_client::Peer> peer = session->peer;
      oauth_client::AccessTokenPtr used = session->authorizer->current();
      const FixedHeaders::ListPtr sent = session->authorizer->fixed().current();
      mcp::Interest asked_for = interest;
      asked_for.log_level = interest_of(*session).log_level;
      auto answer = co_await peer->follow(std::move(asked_for));
      record(session, answer ? nullptr : &answer.error());
      if (!answer && answer.error().code == Errc::sign_in_required) {
        co_return PersonNeeded{PersonNeeded::Why::sign_in, answer.error(), {}, {}};
      }
      if (!answer) co_return std::unexpected(answer.error());
      if (auto* granted = std::get_if<mcp::Interest>(&*answer)) {
        if (interest.log_level.empty()) granted->log_level.clear();
        co_return FollowOutcome(std::move(*granted));
      }
      if (!used) used = session->authorizer->current();
      auto needed = co_await on_refusal(session, std::get<mcp::HttpRefusal>(std::move(*answer)),
                                        used, sent, repeated);
      if (!needed) co_return std::unexpected(needed.error());
      if (*needed) co_return std::move(**needed);
    }
  } catch (...) {
    session->common->breaker.on_abandoned();
    throw;
  }
}

void Upstreams::keep_following() {
  std::vector<vault::CredentialKey> keys;
  for (const auto& [key, following] : following_) keys.push_back(key);
  for (const vault::CredentialKey& key : keys) keep_following(key);
}

/// A task that is spawned runs at once, and may forget what is followed.
void Upstreams::keep_following(const vault::CredentialKey& key) {
  const auto found = following_.find(key);
  if (found == following_.end()) return;
  Following& following = found->second;
  const SteadyTime now = parts_.clock.steady_now();
  const UpstreamPtr session = following.session.lock();
  const bool hears = session && !session->retired && session->peer && session->peer->hears();
  if (hears || following.asking > 0 || now < following.next_try) return;
  following.next_try = now + following.retry.on_end(std::chrono::milliseconds(0), 1);
  ++following.asking;
  parts_.tasks.spawn("follow_again", follow_again(key));
}

Task<> Upstreams::follow_again(vault::CredentialKey key) {
  const std::shared_ptr<void> asked(nullptr, [this, key](void*) {
    const auto found = following_.find(key);
    if (found != following_.end() && found->second.asking > 0) --found->second.asking;
  });
  auto found = following_.find(key);
  if (found == following_.end()) co_return;
  if (found->second.stale) {
    auto connections = co_await parts_.store.connections().list(key.organization);
    found = following_.find(key);
    if (found == following_.end() || !connections) co_return;
    const auto current = std::ranges::find(*connections, key.connection, &vault::Connection::id);
    if (current == connections->end()) {
      following_.erase(found);
      co_return;
    }
    found->second.target.connection =
        std::make_shared<const vault::Connection>(std::move(*current));
    found->second.stale = false;
  }
  if (!require_enabled(*found->second.target.connection)) co_return;
  if (!require_secrets(*found->second.target.connection)) co_return;
  auto outcome = co_await follow_now(found->second.target, found->second.interest);
  found = following_.find(key);
  const auto* granted = outcome ? std::get_if<mcp::Interest>(&*outcome) : nullptr;
  if (found == following_.end() || granted == nullptr) co_return;
  found->second.retry = {};
  tell_changed(*granted, [&](std::string_view method, std::string_view params) {
    this->tell(key, method, params);
  });
}

void Upstreams::hear(const UpstreamPtr& upstream, std::string_view method,
                     std::string_view params) {
  if (upstream->attendant != nullptr) upstream->attendant->on_notification(method, params);
  if (!listener_ || upstream->retired) return;
  const auto found = following_.find(upstream->key);
  const UpstreamPtr teller = found == following_.end() ? nullptr : found->second.session.lock();
  if (method == "notifications/message") {
    // What a shared credential's server logs during one member's calls is not for the others.
    const bool wanted = found != following_.end() && !found->second.interest.log_level.empty();
    if (!is_of_all(*upstream) || !wanted) return;
  } else if (teller && !teller->retired && !is_of_all(*upstream)) {
    return;  // the other session tells it, too
  }
  tell(upstream->key, method, params);
}

}  // namespace gatehouse::upstream
