// Listing an upstream's tools: what earns "ready" (design: rule 5). A failed listing never empties
// the stored catalog.
#include <fmt/format.h>

#include "jsonrpc/json.hpp"
#include "mcp_client/list_definitions.hpp"
#include "upstream/pinning.hpp"
#include "upstream/upstream.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::upstream {
namespace {

using mcp_client::DefinitionList;
using mcp_client::ListKind;

constexpr int kMethodNotFound = -32601;

struct Declared {
  bool tools = false;
  bool prompts = false;
  bool resources = false;
};

/// What the server says it has. One that names nothing is asked for its tools all the same.
Declared declared_by(const mcp_client::Peer& peer) {
  const auto capabilities = jsonrpc::JsonView::of_proved(peer.info().capabilities);
  Declared declared;
  declared.prompts = capabilities.find("prompts").has_value();
  declared.resources = capabilities.find("resources").has_value();
  declared.tools =
      capabilities.find("tools").has_value() || !(declared.prompts || declared.resources);
  return declared;
}

std::vector<ListKind> kinds_of(const Declared& declared) {
  std::vector<ListKind> kinds;
  if (declared.tools) kinds.push_back(ListKind::tools);
  if (declared.prompts) kinds.push_back(ListKind::prompts);
  if (declared.resources) kinds.push_back(ListKind::resources);
  if (declared.resources) kinds.push_back(ListKind::resource_templates);
  return kinds;
}

std::vector<std::string>& list_in(vault::StoredCatalog& catalog, ListKind kind) {
  switch (kind) {
    case ListKind::prompts:
      return catalog.prompts;
    case ListKind::resources:
      return catalog.resources;
    case ListKind::resource_templates:
      return catalog.templates;
    case ListKind::tools:
      break;
  }
  return catalog.tools;
}

/// Puts lists together: the smallest time that a server named, the narrowest scope.
class CatalogMaker final {
 public:
  CatalogMaker(const vault::CredentialKey& key, SystemTime now) : owner_(key.owner) {
    catalog_.connection = key.connection;
    catalog_.fetched_at = now;
  }
  void put(ListKind kind, DefinitionList list) {
    list_in(catalog_, kind) = std::move(list.items);
    for (const mcp::DroppedTool& one : list.dropped)
      catalog_.dropped.push_back(quote_remote(one.name, 80) + ": " + one.reason);
    const std::int64_t ttl = list.cache.ttl_ms;
    if (ttl > 0) catalog_.ttl_ms = catalog_.ttl_ms == 0 ? ttl : std::min(catalog_.ttl_ms, ttl);
    all_public_ = all_public_ && list.cache.scope == mcp::CacheScope::public_;
  }
  /// A list that could not be had stays as it was.
  void keep(ListKind kind, vault::StoredCatalog& previous, std::string_view why) {
    list_in(catalog_, kind) = std::move(list_in(previous, kind));
    catalog_.dropped.push_back(fmt::format("{}: {}", mcp_client::method_of(kind), why));
    all_public_ = false;
  }
  vault::StoredCatalog finish() {
    if (!all_public_) catalog_.owner = owner_;
    return std::move(catalog_);
  }

 private:
  vault::StoredCatalog catalog_;
  std::optional<MemberId> owner_;  // of the credential; nothing: it is everybody's
  bool all_public_ = true;
};

mcp_client::PeerTransport transport_of(const vault::Connection& connection) {
  return connection.transport == vault::Transport::stdio ? mcp_client::PeerTransport::stdio
                                                         : mcp_client::PeerTransport::http;
}

void tell_changes(Logger& log, const vault::Connection& connection, const PinOutcome& outcome) {
  const bool blocks = connection.options.on_change == vault::OnChange::block;
  const auto tell = [&](const char* what, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      log.warn("capability_changed", {{"connection", connection.name},
                                      {"tool", quote_remote(name, 120)},
                                      {"change", what},
                                      {"effect", blocks ? "blocked until approved" : "recorded"}});
    }
  };
  tell("changed", outcome.changed);
  tell("new", outcome.appeared);
}

}  // namespace

Task<Result<ListOutcome>> Upstreams::refresh_catalog_here(Target target) {
  if (const auto enabled = require_enabled(*target.connection); !enabled)
    co_return std::unexpected(enabled.error());
  if (const auto readable = require_secrets(*target.connection); !readable) {
    co_return std::unexpected(readable.error());
  }
  const UpstreamPtr upstream = find_or_make(target);
  co_return co_await listings_.run(upstream.get(), [this, upstream] { return list(upstream); });
}

Task<Result<ListOutcome>> Upstreams::list(UpstreamPtr upstream) {
  co_await wait_out_rest(upstream);
  if (const auto admitted = admit(*upstream); !admitted)
    co_return std::unexpected(admitted.error());
  const InFlight place(upstream, parts_);
  try {
    Result<ListOutcome> outcome = co_await list_now(upstream);
    PersonNeeded* needed = outcome ? std::get_if<PersonNeeded>(&*outcome) : nullptr;
    if (needed == nullptr) co_return outcome;
    co_return co_await explain_move(upstream, std::move(*needed));
  } catch (...) {
    upstream->common->breaker.on_abandoned();
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
    const std::vector<ListKind> kinds = kinds_of(declared_by(*peer));
    const mcp_client::PeerTransport transport = transport_of(*upstream->connection);
    Result<mcp_client::DefinitionAnswer> answer =
        co_await mcp_client::list_definitions(*peer, kinds.front(), transport, parts_.log, timeout);
    if (!answer && answer.error().code == Errc::session_lost && !std::exchange(forgot_era, true)) {
      co_await forget_era(upstream);
      continue;
    }
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
    DefinitionList first;
    if (const mcp::RpcError* error = std::get_if<mcp::RpcError>(&*answer)) {
      if (error->code != kMethodNotFound) {
        // The server may be of another era than it was when that was last found out.
        if (!std::exchange(forgot_era, true)) {
          co_await forget_era(upstream);
          continue;
        }
        Error why{Errc::protocol,
                  fmt::format("{} answered {} with error {}: {}", upstream->connection->name,
                              mcp_client::method_of(kinds.front()), error->code,
                              quote_remote(error->message)),
                  {}};
        co_await save_health(upstream, vault::Health::failing, why);
        co_return std::unexpected(why);
      }
    } else {
      first = std::get<DefinitionList>(std::move(*answer));
    }
    co_return co_await list_rest(upstream, peer, std::move(first));
  }
}

// The first list has earned "ready": what fails after it costs only itself.
Task<Result<ListOutcome>> Upstreams::list_rest(UpstreamPtr upstream,
                                               std::shared_ptr<mcp_client::Peer> peer,
                                               DefinitionList first) {
  const auto timeout = upstream->connection->options.request_timeout.value_or(limits::kListTimeout);
  Result<std::optional<vault::StoredCatalog>> previous =
      co_await parts_.store.connections().load_catalog(
          upstream->key.organization, upstream->key.connection,
          upstream->key.owner.value_or(local_member()));
  if (!previous) co_return std::unexpected(previous.error());
  vault::StoredCatalog before = previous->value_or(vault::StoredCatalog{});
  const std::vector<ListKind> kinds = kinds_of(declared_by(*peer));
  CatalogMaker maker(upstream->key, parts_.clock.now());
  maker.put(kinds.front(), std::move(first));
  for (std::size_t i = 1; i < kinds.size(); ++i) {
    Result<mcp_client::DefinitionAnswer> answer = co_await mcp_client::list_definitions(
        *peer, kinds[i], transport_of(*upstream->connection), parts_.log, timeout);
    if (answer && std::holds_alternative<DefinitionList>(*answer)) {
      maker.put(kinds[i], std::get<DefinitionList>(std::move(*answer)));
      continue;
    }
    const mcp::RpcError* error = answer ? std::get_if<mcp::RpcError>(&*answer) : nullptr;
    if (error != nullptr && error->code == kMethodNotFound) continue;
    const std::string why = !answer            ? answer.error().detail
                            : error != nullptr ? fmt::format("error {}", error->code)
                                               : std::string("refused");
    parts_.log.warn("list_not_read", {{"connection", upstream->connection->name},
                                      {"method", std::string(mcp_client::method_of(kinds[i]))},
                                      {"reason", why}});
    maker.keep(kinds[i], before, why);
  }
  co_return co_await store_catalog(upstream, maker.finish(), std::move(*previous));
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
                                                   vault::StoredCatalog catalog,
                                                   std::optional<vault::StoredCatalog> previous) {
  if (upstream->key.account != upstream->connection->default_account) co_return std::move(catalog);
  vault::ConnectionStore& store = parts_.store.connections();
  const Result<std::vector<vault::Pin>> pins =
      co_await store.load_pins(upstream->key.organization, upstream->key.connection,
                               upstream->key.owner, vault::ConnectionStore::Pins::all);
  if (!pins) co_return std::unexpected(pins.error());
  PinOutcome outcome = settle_pins({.pins = *pins,
                                    .tools = catalog.tools,
                                    .previous = previous ? &*previous : nullptr,
                                    .on_change = upstream->connection->options.on_change,
                                    .now = parts_.clock.now()});
  const Result<void> saved = co_await store.save_catalog(
      upstream->key.organization, catalog, {upstream->key.owner, std::move(outcome.changes)});
  if (!saved) co_return std::unexpected(saved.error());
  tell_changes(parts_.log, *upstream->connection, outcome);
  co_await save_health(upstream, vault::Health::ready, Error{}, Save::always);
  (void)co_await load_schemas(upstream);
  co_return std::move(catalog);
}

}  // namespace gatehouse::upstream
