#include "upstream/upstreams.hpp"

#include <fmt/format.h>

#include "async/timer.hpp"
#include "upstream/upstream.hpp"

namespace gatehouse::upstream {
namespace {

Task<Result<void>> drained(TaskGroup& tasks) {
  co_await tasks.drain();
  co_return Result<void>{};
}

}  // namespace

Task<> close_peer(std::shared_ptr<mcp_client::Peer> peer) {
  co_await peer->close();
}

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
              fmt::format("give them anew: gatehouse edit {} with --bearer, --header or --env",
                          connection.name));
}

Upstreams::Upstreams(Parts parts)
    : parts_(std::move(parts)), openings_(parts_.tasks), listings_(parts_.tasks) {}

Upstreams::~Upstreams() = default;

Upstreams::UpstreamPtr Upstreams::make(const Target& target, const Key& key) {
  const auto upstream = std::make_shared<Upstream>(target, key, parts_);
  const vault::ConnectionOptions& options = target.connection->options;
  if (!options.roots.empty() || !options.log_level.empty()) {
    std::unique_ptr<Attendant>& attendant =
        attendants_[{target.connection->id.value, target.connection->revision}];
    if (!attendant) {
      attendant = std::make_unique<Attendant>(*target.connection, parts_.interaction, parts_.log,
                                              parts_.clock);
    }
    upstream->attendant = attendant.get();
  }
  upstreams_.insert_or_assign(key, upstream);
  return upstream;
}

Upstreams::UpstreamPtr Upstreams::find_or_make(const Target& target) {
  const Key key = credential_key(target);
  const auto found = upstreams_.find(key);
  if (found == upstreams_.end()) return make(target, key);
  const UpstreamPtr known = found->second;
  const bool same = known->connection == target.connection ||
                    known->connection->revision == target.connection->revision;
  if (same && !(known->peer && !known->peer->alive())) return known;
  upstreams_.erase(found);
  retire(known);
  const UpstreamPtr renewed = make(target, key);
  if (same) {
    renewed->breaker = known->breaker;
    renewed->breaker.on_abandoned();  // a probe under way reports to the one it started on
  }
  return renewed;
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

Result<void> require_enabled(const vault::Connection& connection) {
  if (connection.role == vault::Role::identity_provider) {
    return fail(Errc::unsupported,
                fmt::format("{} is an identity provider, which has no tools", connection.name),
                fmt::format("gatehouse status {}", connection.name));
  }
  if (connection.options.enabled) return {};
  return fail(Errc::policy, fmt::format("{} is disabled", connection.name),
              fmt::format("gatehouse enable {}", connection.name));
}

Result<void> Upstreams::admit(Upstream& upstream) {
  const SteadyTime now = parts_.clock.steady_now();
  if (upstream.breaker.admit(now) != Verdict::reject) return {};
  const auto wait = std::chrono::ceil<std::chrono::seconds>(upstream.breaker.retry_at() - now);
  return fail(Errc::unavailable,
              fmt::format("{} did not answer lately and is left alone for {} s more",
                          upstream.connection->name, std::max<long>(1, wait.count())));
}

Task<Result<Outcome>> Upstreams::request(Target target, mcp::Request request,
                                         mcp_client::Interaction* interaction) {
  if (const auto enabled = require_enabled(*target.connection); !enabled)
    co_return std::unexpected(enabled.error());
  if (const auto readable = require_secrets(*target.connection); !readable) {
    co_return std::unexpected(readable.error());
  }
  const UpstreamPtr upstream = find_or_make(target);
  if (upstream->in_flight >= static_cast<int>(limits::kCallsPerUpstream)) {
    co_return fail(Errc::rate_limited,
                   fmt::format("{} has {} calls under way (kCallsPerUpstream)",
                               upstream->connection->name, upstream->in_flight));
  }
  if (const auto admitted = admit(*upstream); !admitted)
    co_return std::unexpected(admitted.error());
  const InFlight place(upstream, parts_);
  if (const auto told = upstream->connection->options.request_timeout) {
    request.timeout = *told;
    request.firm_timeout = true;
  }
  try {
    Result<Outcome> outcome;
    if (needs_care(*upstream)) {
      outcome = co_await send_carefully(upstream, std::move(request), interaction);
    } else {
      outcome = co_await send(upstream, std::move(request), interaction);
    }
    record(upstream, outcome ? nullptr : &outcome.error());
    co_return outcome;
  } catch (...) {
    upstream->breaker.on_abandoned();
    throw;
  }
}

Task<Result<std::optional<PersonNeeded>>> Upstreams::connect(Target target) {
  if (const auto enabled = require_enabled(*target.connection); !enabled)
    co_return std::unexpected(enabled.error());
  if (const auto readable = require_secrets(*target.connection); !readable)
    co_return std::unexpected(readable.error());
  const UpstreamPtr upstream = find_or_make(target);
  if (const auto admitted = admit(*upstream); !admitted)
    co_return std::unexpected(admitted.error());
  const InFlight place(upstream, parts_);
  try {
    Result<OpenOutcome> opened = co_await ensure_open(upstream);
    record(upstream, opened ? nullptr : &opened.error());
    if (!opened) co_return std::unexpected(opened.error());
    if (PersonNeeded* needed = std::get_if<PersonNeeded>(&*opened)) co_return std::move(*needed);
    co_return std::nullopt;
  } catch (...) {
    upstream->breaker.on_abandoned();
    throw;
  }
}

Task<Result<std::variant<mcp::Interest, PersonNeeded>>> Upstreams::follow(Target target,
                                                                          mcp::Interest interest) {
  (void)target, (void)interest;
  co_return mcp::Interest{};
}

Task<Result<Outcome>> Upstreams::send(UpstreamPtr upstream, mcp::Request request,
                                      mcp_client::Interaction* interaction) {
  for (bool repeated = false;; repeated = true) {
    while (!upstream->peer) {
      Result<OpenOutcome> opened = co_await ensure_open(upstream, request.cancel);
      if (!opened) co_return std::unexpected(opened.error());
      if (PersonNeeded* needed = std::get_if<PersonNeeded>(&*opened)) co_return std::move(*needed);
    }
    const std::shared_ptr<mcp_client::Peer> peer = upstream->peer;
    oauth_client::AccessTokenPtr used = upstream->authorizer->current();
    const FixedHeaders::ListPtr sent = upstream->authorizer->fixed().current();
    Result<mcp::Answer> answer = co_await peer->request(request, interaction);
    if (!answer) {
      if (answer.error().code != Errc::sign_in_required) co_return std::unexpected(answer.error());
      co_return PersonNeeded{PersonNeeded::Why::sign_in, answer.error(), {}, {}};
    }
    if (mcp::Success* success = std::get_if<mcp::Success>(&*answer)) co_return std::move(*success);
    if (mcp::RpcError* error = std::get_if<mcp::RpcError>(&*answer)) co_return std::move(*error);
    if (!used) used = upstream->authorizer->current();
    Result<std::optional<PersonNeeded>> needed = co_await on_refusal(
        upstream, std::get<mcp::HttpRefusal>(std::move(*answer)), used, sent, repeated);
    if (!needed) co_return std::unexpected(needed.error());
    if (*needed) co_return std::move(**needed);
  }
}

std::optional<mcp_client::ServerInfo> Upstreams::info(const Target& target) const {
  const auto found = upstreams_.find(credential_key(target));
  if (found == upstreams_.end() || !found->second->peer) return std::nullopt;
  return found->second->peer->info();
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
