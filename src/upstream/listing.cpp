// Listing an upstream's tools: what earns "ready" (design: rule 5). A failed listing never empties
// the stored catalog.
#include <fmt/format.h>

#include "mcp_client/list_tools.hpp"
#include "upstream/upstream.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::upstream {
namespace {

constexpr int kMethodNotFound = -32601;

vault::StoredCatalog to_catalog(const ConnectionId& connection, mcp_client::ToolList list,
                                SystemTime now) {
  vault::StoredCatalog catalog;
  catalog.connection = connection;
  for (mcp::Tool& tool : list.tools) catalog.tools.push_back(std::move(tool.raw));
  for (const mcp::DroppedTool& tool : list.dropped) {
    catalog.dropped.push_back(quote_remote(tool.name, 80) + ": " + tool.reason);
  }
  catalog.fetched_at = now;
  catalog.ttl_ms = list.cache.ttl_ms;
  return catalog;
}

}  // namespace

Task<Result<ListOutcome>> Upstreams::refresh_catalog(Target target) {
  if (const auto enabled = require_enabled(*target.connection); !enabled)
    co_return std::unexpected(enabled.error());
  if (const auto readable = require_secrets(*target.connection); !readable) {
    co_return std::unexpected(readable.error());
  }
  const UpstreamPtr upstream = find_or_make(target);
  co_return co_await listings_.run(upstream.get(), [this, upstream] { return list(upstream); });
}

Task<Result<ListOutcome>> Upstreams::list(UpstreamPtr upstream) {
  if (const auto admitted = admit(*upstream); !admitted)
    co_return std::unexpected(admitted.error());
  const InFlight place(upstream, parts_);
  try {
    Result<ListOutcome> outcome = co_await list_now(upstream);
    PersonNeeded* needed = outcome ? std::get_if<PersonNeeded>(&*outcome) : nullptr;
    if (needed == nullptr) co_return outcome;
    co_return co_await explain_move(upstream, std::move(*needed));
  } catch (...) {
    upstream->breaker.on_abandoned();
    throw;
  }
}

Task<Result<ListOutcome>> Upstreams::list_now(UpstreamPtr upstream) {
  const auto timeout = upstream->connection->options.request_timeout.value_or(limits::kListTimeout);
  bool forgot_era = false;
  bool repeated = false;  // after a refusal
  while (true) {
    Result<OpenOutcome> opened = co_await ensure_open(upstream);
    record(upstream, opened ? nullptr : &opened.error());
    if (!opened) co_return std::unexpected(opened.error());
    if (PersonNeeded* needed = std::get_if<PersonNeeded>(&*opened)) co_return std::move(*needed);
    const std::shared_ptr<mcp_client::Peer> peer = upstream->peer;
    if (!peer) continue;  // it died, and a request noticed before us
    oauth_client::AccessTokenPtr used = upstream->authorizer->current();
    const FixedHeaders::ListPtr sent = upstream->authorizer->fixed().current();
    const bool is_stdio = upstream->connection->transport == vault::Transport::stdio;
    Result<mcp_client::ListAnswer> answer = co_await mcp_client::list_tools(
        *peer, is_stdio ? mcp_client::PeerTransport::stdio : mcp_client::PeerTransport::http,
        parts_.log, nullptr, timeout);
    record(upstream, answer ? nullptr : &answer.error());
    if (!answer) {
      if (answer.error().code == Errc::sign_in_required) {
        co_await save_health(upstream, vault::Health::sign_in_required, answer.error());
        co_return PersonNeeded{PersonNeeded::Why::sign_in, answer.error(), {}, {}};
      }
      // What a token endpoint refuses is no matter of the way there.
      const bool reached =
          answer.error().code == Errc::rejected || answer.error().code == Errc::invalid_client;
      co_await save_health(upstream, reached ? vault::Health::failing : vault::Health::unreachable,
                           answer.error());
      co_return std::unexpected(answer.error());
    }
    if (mcp::HttpRefusal* refusal = std::get_if<mcp::HttpRefusal>(&*answer)) {
      if (!used) used = upstream->authorizer->current();
      Result<std::optional<PersonNeeded>> needed =
          co_await on_refusal(upstream, std::move(*refusal), used, sent, repeated);
      if (!needed) co_return std::unexpected(needed.error());
      if (*needed) co_return std::move(**needed);
      repeated = true;
      continue;
    }
    mcp_client::ToolList tools;
    if (const mcp::RpcError* error = std::get_if<mcp::RpcError>(&*answer)) {
      if (error->code != kMethodNotFound) {
        // The server may be of another era than it was when that was last found out.
        if (!std::exchange(forgot_era, true)) {
          co_await forget_era(upstream);
          continue;
        }
        Error why{
            Errc::protocol,
            fmt::format("{} answered tools/list with error {}: {}", upstream->connection->name,
                        error->code, quote_remote(error->message)),
            {}};
        co_await save_health(upstream, vault::Health::failing, why);
        co_return std::unexpected(why);
      }
    } else {
      tools = std::get<mcp_client::ToolList>(std::move(*answer));
    }
    co_return co_await store_catalog(
        upstream, to_catalog(upstream->key.connection, std::move(tools), parts_.clock.now()));
  }
}

Task<> Upstreams::forget_era(UpstreamPtr upstream) {
  vault::ConnectionStore& store = parts_.store.connections();
  auto state = co_await store.load_state(upstream->key.organization, upstream->key.connection);
  if (state) {
    state->era.clear();
    state->era_at.reset();
    (void)co_await store.save_state(upstream->key.organization, upstream->key.connection,
                                    std::move(*state));
  }
  if (upstream->peer)
    parts_.tasks.spawn("close_upstream", close_peer(std::exchange(upstream->peer, nullptr)));
}

Task<Result<ListOutcome>> Upstreams::store_catalog(UpstreamPtr upstream,
                                                   vault::StoredCatalog catalog) {
  if (upstream->key.account != upstream->connection->default_account) co_return std::move(catalog);
  const Result<void> saved =
      co_await parts_.store.connections().save_catalog(upstream->key.organization, catalog);
  if (!saved) co_return std::unexpected(saved.error());
  co_await save_health(upstream, vault::Health::ready, Error{}, Save::always);
  (void)co_await load_schemas(upstream);
  co_return std::move(catalog);
}

}  // namespace gatehouse::upstream
