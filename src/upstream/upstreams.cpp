#include "upstream/upstreams.hpp"

#include <fmt/format.h>

#include "async/timer.hpp"
#include "upstream/upstream.hpp"

namespace gatehouse::upstream {
namespace {

// Holds a place at the upstream while a request is under way.
class InFlight final {
 public:
  InFlight(int& count, SteadyTime& last_used, const Clock& clock)
      : count_(count), last_used_(last_used), clock_(clock) {
    ++count_;
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() {
    --count_;
    last_used_ = clock_.steady_now();
  }

 private:
  int& count_;
  SteadyTime& last_used_;
  const Clock& clock_;
};

Task<Result<void>> drained(TaskGroup& tasks) {
  co_await tasks.drain();
  co_return Result<void>{};
}

Task<> close_peer(std::shared_ptr<mcp_client::Peer> peer) {
  co_await peer->close();
}

}  // namespace

vault::CredentialKey credential_key(const Target& target) {
  vault::CredentialKey key;
  key.organization = target.connection->organization;
  key.connection = target.connection->id;
  if (target.connection->mode == vault::CredentialMode::per_member) key.owner = target.member;
  key.account = target.account;
  return key;
}

Result<void> require_secrets(const vault::Connection& connection) {
  if (connection.secrets_problem.empty()) return {};
  return fail(Errc::corrupt,
              fmt::format("the secrets of {} cannot be read: {}", connection.name,
                          connection.secrets_problem),
              fmt::format("gatehouse remove {0}, then gatehouse add {0} again", connection.name));
}

Upstreams::Upstreams(Parts parts)
    : parts_(std::move(parts)), openings_(parts_.tasks), listings_(parts_.tasks) {}

Upstreams::~Upstreams() = default;

Upstreams::UpstreamPtr Upstreams::find_or_make(const Target& target) {
  const Key key = credential_key(target);
  if (const auto found = upstreams_.find(key); found != upstreams_.end()) {
    const bool same = found->second->connection == target.connection ||
                      found->second->connection->revision == target.connection->revision;
    if (same && !(found->second->peer && !found->second->peer->alive())) return found->second;
    if (found->second->peer) parts_.tasks.spawn("close_upstream", close_peer(found->second->peer));
    const Breaker breaker = found->second->breaker;
    upstreams_.erase(found);
    const UpstreamPtr renewed =
        upstreams_.emplace(key, std::make_shared<Upstream>(target, key, parts_.tokens))
            .first->second;
    if (same) {
      renewed->breaker = breaker;
      renewed->breaker.on_abandoned();  // a probe under way reports to the one it started on
    }
    return renewed;
  }
  return upstreams_.emplace(key, std::make_shared<Upstream>(target, key, parts_.tokens))
      .first->second;
}

void Upstreams::record(const UpstreamPtr& upstream, const Error* error) {
  if (error == nullptr) {
    upstream->breaker.on_answer();
    return;
  }
  switch (error->code) {
    case Errc::unavailable:
    case Errc::timeout:
    case Errc::outcome_unknown:
    case Errc::server_error:
    case Errc::tls:
    case Errc::protocol:
      upstream->breaker.on_failure(parts_.clock.steady_now());
      break;
    case Errc::cancelled:
      upstream->breaker.on_abandoned();
      break;
    default:
      upstream->breaker.on_answer();
  }
}

Task<Result<Outcome>> Upstreams::request(Target target, mcp::Request request,
                                         mcp_client::Interaction* interaction) {
  if (const auto readable = require_secrets(*target.connection); !readable) {
    co_return std::unexpected(readable.error());
  }
  const UpstreamPtr upstream = find_or_make(target);
  if (upstream->in_flight >= static_cast<int>(limits::kCallsPerUpstream)) {
    co_return fail(Errc::rate_limited,
                   fmt::format("{} has {} calls under way (kCallsPerUpstream)",
                               upstream->connection->name, upstream->in_flight));
  }
  const SteadyTime now = parts_.clock.steady_now();
  if (upstream->breaker.admit(now) == Verdict::reject) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(upstream->breaker.retry_at() - now);
    co_return fail(Errc::unavailable,
                   fmt::format("{} did not answer lately and is left alone for {} s more",
                               upstream->connection->name, std::max<long>(1, wait.count())));
  }
  const InFlight place(upstream->in_flight, upstream->last_used, parts_.clock);
  try {
    Result<Outcome> outcome = co_await send(upstream, std::move(request), interaction);
    record(upstream, outcome ? nullptr : &outcome.error());
    co_return outcome;
  } catch (...) {
    upstream->breaker.on_abandoned();
    throw;
  }
}

Task<Result<Outcome>> Upstreams::send(UpstreamPtr upstream, mcp::Request request,
                                      mcp_client::Interaction* interaction) {
  for (bool repeated = false;; repeated = true) {
    if (!upstream->peer) {
      Result<OpenOutcome> opened = co_await ensure_open(upstream);
      if (!opened) co_return std::unexpected(opened.error());
      if (PersonNeeded* needed = std::get_if<PersonNeeded>(&*opened)) co_return std::move(*needed);
    }
    const std::shared_ptr<mcp_client::Peer> peer = upstream->peer;
    oauth_client::AccessTokenPtr used = upstream->authorizer->current();
    Result<mcp::Answer> answer = co_await peer->request(request, interaction);
    if (!answer) {
      if (answer.error().code != Errc::sign_in_required) co_return std::unexpected(answer.error());
      co_return PersonNeeded{PersonNeeded::Why::sign_in, answer.error(), {}, {}};
    }
    if (mcp::Success* success = std::get_if<mcp::Success>(&*answer)) co_return std::move(*success);
    if (mcp::RpcError* error = std::get_if<mcp::RpcError>(&*answer)) co_return std::move(*error);
    if (!used) used = upstream->authorizer->current();
    Result<std::optional<PersonNeeded>> needed = co_await on_refusal(
        upstream, std::get<mcp::HttpRefusal>(std::move(*answer)), used, repeated);
    if (!needed) co_return std::unexpected(needed.error());
    if (*needed) co_return std::move(**needed);
  }
}

void Upstreams::reset(const ConnectionId& connection) {
  for (auto entry = upstreams_.begin(); entry != upstreams_.end();) {
    if (entry->first.connection == connection) {
      if (entry->second->peer)
        parts_.tasks.spawn("close_upstream", close_peer(entry->second->peer));
      entry = upstreams_.erase(entry);
    } else {
      ++entry;
    }
  }
}

std::optional<mcp_client::ServerInfo> Upstreams::info(const Target& target) const {
  const auto found = upstreams_.find(credential_key(target));
  if (found == upstreams_.end() || !found->second->peer) return std::nullopt;
  return found->second->peer->info();
}

Task<> Upstreams::run_idle_sweep() {
  while (true) {
    co_await sleep_for(std::chrono::seconds(30));
    const SteadyTime now = parts_.clock.steady_now();
    for (auto entry = upstreams_.begin(); entry != upstreams_.end();) {
      const UpstreamPtr& upstream = entry->second;
      const bool idle = upstream->in_flight == 0 && upstream->peer &&
                        now - upstream->last_used >= limits::kUpstreamIdle;
      if (idle) {
        parts_.tasks.spawn("close_upstream", close_peer(upstream->peer));
        entry = upstreams_.erase(entry);
      } else {
        ++entry;
      }
    }
  }
}

Task<> Upstreams::shutdown(Duration grace) {
  std::vector<std::shared_ptr<mcp_client::Peer>> peers;
  for (const auto& [key, upstream] : upstreams_) {
    if (upstream->peer) peers.push_back(upstream->peer);
  }
  upstreams_.clear();
  for (const std::shared_ptr<mcp_client::Peer>& peer : peers)
    parts_.tasks.spawn("close_upstream", close_peer(peer));
  peers.clear();
  (void)co_await with_timeout(grace, drained(parts_.tasks), "ending the sessions");
}

}  // namespace gatehouse::upstream
