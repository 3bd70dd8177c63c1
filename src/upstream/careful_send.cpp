// Requests of connections whose settings ask for more than sending: directories for the server,
// its log messages, repetition of reads. The others do not come here.
#include "async/timer.hpp"
#include "base/random.hpp"
#include "jsonrpc/json.hpp"
#include "mcp_client/legacy_session.hpp"
#include "mcp_client/outgoing.hpp"
#include "upstream/profile.hpp"
#include "upstream/read_retry.hpp"
#include "upstream/upstream.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::upstream {
namespace {

double jitter() {
  return static_cast<double>(static_cast<unsigned char>(random_bytes(1).front())) / 255.;
}

bool has_logging(const mcp_client::ServerInfo& info) {
  return jsonrpc::JsonView::of_proved(info.capabilities).find("logging").has_value();
}

/// A cached verdict tells nothing of capabilities; such a server is asked all the same, which costs
/// it nothing.
bool may_log(const mcp_client::ServerInfo& info) {
  return info.capabilities == "{}" || has_logging(info);
}

}  // namespace

bool Upstreams::needs_care(const Upstream& upstream) {
  return upstream.attendant != nullptr || upstream.connection->options.read_retries.value_or(0) > 0;
}

Task<Result<Outcome>> Upstreams::send_carefully(UpstreamPtr upstream, mcp::Request request,
                                                mcp_client::Interaction* interaction) {
  Attendant* const attendant = upstream->attendant;
  std::optional<CallAttendant> attending;
  std::string meta(request.meta);
  if (attendant != nullptr) {
    attending.emplace(*attendant, request, interaction);
    if (attendant->has_roots()) {
      request.capabilities = &attending->capabilities();
      interaction = &*attending;
    }
    if (attendant->logs()) {
      request.sink = &*attending;
      meta += (meta.empty() ? "" : ",") + attendant->log_meta();
    }
  }
  ReadRetry retry(upstream->connection->options.read_retries.value_or(0));
  while (true) {
    Result<OpenOutcome> opened = OpenOutcome(Ready{});
    if (!upstream->peer) opened = co_await ensure_open(upstream, request.cancel);
    Result<Outcome> outcome =
        opened ? Result<Outcome>(PersonNeeded{}) : Result<Outcome>(std::unexpected(opened.error()));
    if (opened) {
      if (PersonNeeded* needed = std::get_if<PersonNeeded>(&*opened)) co_return std::move(*needed);
      // Legacy servers are told once, by logging/setLevel.
      const bool asks = attendant != nullptr && attendant->logs() && upstream->peer &&
                        upstream->peer->info().era == mcp::Era::modern &&
                        may_log(upstream->peer->info());
      if (asks) request.meta = meta;
      outcome = co_await send(upstream, request, interaction);
    }
    if (outcome) co_return outcome;
    // After opening, for that is when the list of tools is read.
    const bool safe = request.method == "tools/call"
                          ? upstream->common->repeatable.contains(request.name)
                          : mcp_client::is_safe_to_repeat(request.method);
    const auto pause = safe ? retry.on_failure(outcome.error(), jitter()) : std::nullopt;
    if (!pause) co_return outcome;
    if (!co_await mcp_client::pause(*pause, request.cancel))
      co_return fail(Errc::cancelled, "the request was cancelled");
    if (upstream->peer && !upstream->peer->alive()) {
      parts_.tasks.spawn("close_upstream", close_peer(upstream->peer));
      upstream->peer.reset();
    }
  }
}

Task<> Upstreams::raise_log_level(UpstreamPtr upstream, std::shared_ptr<mcp_client::Peer> peer,
                                  std::string_view level) {
  const std::string now = interest_of(*upstream).log_level;
  if (lower_level(now, level) == now) co_return;
  upstream->raised_level = level;
  co_await tell_interest(std::move(upstream), std::move(peer));
}

/// What a legacy session is told of what is followed, the level of log messages first, so that its
/// calls are logged from the start.
Task<> Upstreams::tell_interest(UpstreamPtr upstream, std::shared_ptr<mcp_client::Peer> peer) {
  if (peer->info().era != mcp::Era::legacy) co_return;
  mcp::Interest interest = interest_of(*upstream);
  if (interest.empty()) co_return;
  const std::string level = has_logging(peer->info()) ? interest.log_level : std::string();
  const auto granted = co_await peer->follow(std::move(interest));
  const auto* told = granted ? std::get_if<mcp::Interest>(&*granted) : nullptr;
  if (level.empty() || (told != nullptr && told->log_level == level)) co_return;
  parts_.log.warn("log_level_not_set", {{"connection", upstream->connection->name},
                                        {"reason", granted ? "the server refuses logging/setLevel"
                                                           : granted.error().detail}});
}

}  // namespace gatehouse::upstream
