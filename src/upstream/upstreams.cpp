#include "upstream/upstreams.hpp"

#include <fmt/format.h>

#include "async/timer.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/versions.hpp"
#include "upstream/crossing.hpp"
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

void Upstreams::record(const UpstreamPtr& upstream, const Error* error) {
  if (error == nullptr) {
    upstream->common->breaker.on_answer();
    return;
  }
  switch (error->code) {
    case Errc::unavailable:
    case Errc::timeout:
    case Errc::outcome_unknown:
    case Errc::server_error:
    case Errc::tls:
    case Errc::protocol:
      upstream->common->breaker.on_failure(parts_.clock.steady_now());
      break;
    case Errc::cancelled:
      upstream->common->breaker.on_abandoned();
      break;
    default:
      upstream->common->breaker.on_answer();
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
  if (const auto may = respect_rest(upstream, now); !may) return may;
  if (upstream.common->breaker.admit(now) != Verdict::reject) return {};
  const auto wait =
      std::chrono::ceil<std::chrono::seconds>(upstream.common->breaker.retry_at() - now);
  return fail(Errc::unavailable,
              fmt::format("{} did not answer lately and is left alone for {} s more",
                          upstream.connection->name, std::max<long>(1, wait.count())));
}

Task<Result<Outcome>> Upstreams::request_here(Target target, mcp::Request request,
                                              mcp_client::Interaction* interaction) {
  if (const auto enabled = require_enabled(*target.connection); !enabled)
    co_return std::unexpected(enabled.error());
  if (const auto readable = require_secrets(*target.connection); !readable) {
    co_return std::unexpected(readable.error());
  }
  UpstreamPtr upstream = find_or_make(target);
  if (upstream->common->calls >= static_cast<int>(limits::kCallsPerUpstream)) {
    co_return fail(Errc::rate_limited,
                   fmt::format("{} has {} calls under way (kCallsPerUpstream)",
                               upstream->connection->name, upstream->common->calls));
  }
  const bool one_for_all = upstream->common->modern && upstream->peer;
  if (!one_for_all) {
    auto session = choose_session(target, std::move(upstream), request, interaction);
    if (!session) co_return std::unexpected(session.error());
    upstream = std::move(*session);
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
    if (!outcome) add_rest(*upstream, outcome.error());
    co_return outcome;
  } catch (...) {
    upstream->common->breaker.on_abandoned();
    throw;
  }
}

Task<Result<std::optional<PersonNeeded>>> Upstreams::connect_here(Target target) {
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
    upstream->common->breaker.on_abandoned();
    throw;
  }
}

/// The level that `meta` asks for; then `rest` is the meta without it.
std::optional<std::string> Upstreams::take_log_level(std::string_view meta, std::string& rest) {
  if (meta.find(mcp::kMetaLogLevel) == std::string_view::npos) return std::nullopt;
  std::optional<std::string> level;
  rest.clear();
  const std::string whole = "{" + std::string(meta) + "}";
  for (const jsonrpc::JsonMember& member : jsonrpc::JsonView::of_proved(whole).members()) {
    if (member.is(mcp::kMetaLogLevel)) {
      level = member.value.as_string();
      continue;
    }
    if (!rest.empty()) rest += ',';
    rest.append("\"").append(member.raw_key).append("\":").append(member.value.raw());
  }
  return level;
}

Task<Result<Outcome>> Upstreams::send(UpstreamPtr upstream, mcp::Request request,
                                      mcp_client::Interaction* interaction) {
  bool refused = false;
  bool repeated = false;
  std::string meta;  // of a request whose level is told another way
  while (true) {
    while (!upstream->peer) {
      Result<OpenOutcome> opened = co_await ensure_open(upstream, request.cancel);
      if (!opened) co_return std::unexpected(opened.error());
      if (PersonNeeded* needed = std::get_if<PersonNeeded>(&*opened)) co_return std::move(*needed);
    }
    const std::shared_ptr<mcp_client::Peer> peer = upstream->peer;
    if (!upstream->common->modern && !request.meta.empty()) {
      if (const auto level = take_log_level(request.meta, meta)) {
        request.meta = meta;
        co_await raise_log_level(upstream, peer, *level);
      }
    }
    oauth_client::AccessTokenPtr used = upstream->authorizer->current();
    const FixedHeaders::ListPtr sent = upstream->authorizer->fixed().current();
    Result<mcp::Answer> answer = co_await peer->request(request, interaction);
    if (!answer) {
      if (!std::exchange(repeated, true) && may_repeat(upstream, peer, request, answer.error())) {
        const bool lost = answer.error().code == Errc::session_lost;
        if (lost && !upstream->peer) co_await forget_era(upstream);
        continue;
      }
      if (answer.error().code != Errc::sign_in_required) co_return std::unexpected(answer.error());
      co_return PersonNeeded{PersonNeeded::Why::sign_in, answer.error(), {}, {}};
    }
    if (mcp::Success* success = std::get_if<mcp::Success>(&*answer)) co_return std::move(*success);
    if (mcp::RpcError* error = std::get_if<mcp::RpcError>(&*answer)) co_return std::move(*error);
    if (!used) used = upstream->authorizer->current();
    Result<std::optional<PersonNeeded>> needed =
        co_await on_refusal(upstream, std::get<mcp::HttpRefusal>(std::move(*answer)), used, sent,
                            std::exchange(refused, true));
    if (!needed) co_return std::unexpected(needed.error());
    if (*needed) co_return std::move(**needed);
  }
}

std::optional<mcp_client::ServerInfo> Upstreams::info(const Target& target) const {
  const vault::CredentialKey key = credential_key(target);
  for (const UpstreamPtr& session : sessions_of(key)) {
    if (session->peer) return session->peer->info();
  }
  if (!crossing_) return std::nullopt;
  const auto told = crossing_->infos.find(key);
  return told == crossing_->infos.end() ? std::nullopt : std::optional(told->second);
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
