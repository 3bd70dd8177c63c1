// Opening an upstream: era verdict, transport, refusals, and what is remembered of it.
#include <fmt/format.h>

#include "jsonrpc/json.hpp"
#include "oauth/challenge.hpp"
#include "upstream/crossing.hpp"
#include "upstream/upstream.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::upstream {
namespace {

std::optional<mcp_client::EraVerdict> known_era(const vault::ConnectionState& state,
                                                SystemTime now) {
  if (state.era.empty() || !state.era_at || now - *state.era_at >= limits::kEraCache)
    return std::nullopt;
  return mcp_client::EraVerdict{
      state.era == "modern" ? mcp::Era::modern : mcp::Era::legacy, state.protocol_version,
      state.era == vault::kHttpWithSse ? mcp_client::HttpTransport::http_with_sse
                                       : mcp_client::HttpTransport::streamable};
}

std::string era_word(const mcp_client::EraVerdict& verdict) {
  if (verdict.era == mcp::Era::modern) return "modern";
  const bool sse = verdict.transport == mcp_client::HttpTransport::http_with_sse;
  return sse ? std::string(vault::kHttpWithSse) : "legacy";
}

std::string server_info_json(const mcp_client::ServerInfo& info) {
  using jsonrpc::quote;
  return "{\"name\":" + quote(info.name) + ",\"version\":" + quote(info.version) +
         ",\"title\":" + quote(info.title) +
         ",\"instructions\":" + quote(info.instructions.substr(0, 4096)) + "}";
}

/// No bad state without a way out (design: rule 5), also where the error knows none.
std::string way_out(vault::Health health, const std::string& name) {
  if (health == vault::Health::unreachable) {
    return fmt::format(
        "check that the server runs and can be reached from here; the next call or "
        "`gatehouse status {}` tries again",
        name);
  }
  if (health == vault::Health::failing) {
    return fmt::format(
        "if it lasts, tell the server's operator; the next call or `gatehouse "
        "status {}` tries again",
        name);
  }
  return {};
}

}  // namespace

Task<Result<Upstreams::OpenOutcome>> Upstreams::ensure_open(UpstreamPtr upstream,
                                                            CancelSource* cancel) {
  if (upstream->peer) co_return OpenOutcome(Ready{});
  co_return co_await openings_.run(
      upstream.get(), [this, upstream] { return open(upstream); }, cancel);
}

Task<Result<void>> Upstreams::load_schemas(UpstreamPtr upstream) {
  Result<std::optional<vault::StoredCatalog>> catalog =
      co_await parts_.store.connections().load_catalog(
          upstream->key.organization, upstream->key.connection,
          upstream->key.owner.value_or(local_member()));
  if (!catalog) co_return std::unexpected(catalog.error());
  upstream->common->schemas.clear();
  upstream->common->repeatable.clear();
  if (!*catalog) co_return Result<void>{};
  for (const std::string& raw : (*catalog)->tools) {
    const jsonrpc::JsonView tool = jsonrpc::JsonView::of_proved(raw);
    const std::optional<std::string> name = tool.string("name");
    const std::optional<jsonrpc::JsonView> schema = tool.find("inputSchema");
    if (!name) continue;
    const bool mirrors = schema && schema->raw().find("x-mcp-header") != std::string_view::npos;
    const std::optional<jsonrpc::JsonView> hints = tool.find("annotations");
    const auto hint = [&](std::string_view word) {
      const std::optional<jsonrpc::JsonView> value = hints ? hints->find(word) : std::nullopt;
      return value && value->raw() == "true";
    };
    if (hint("readOnlyHint") || hint("idempotentHint")) upstream->common->repeatable.insert(*name);
    upstream->common->schemas.insert_or_assign(*name, mirrors ? std::string(schema->raw()) : "{}");
  }
  co_return Result<void>{};
}

Task<Result<mcp_client::Opened>> Upstreams::open_transport(UpstreamPtr upstream,
                                                           vault::ConnectionState state) {
  const mcp_client::Parts parts{parts_.http, parts_.tasks, parts_.log, parts_.clock};
  const vault::ConnectionOptions& options = upstream->connection->options;
  struct Keep {  // what the peer's tasks may use when the upstream is gone
    std::shared_ptr<CredentialAuthorizer> authorizer;
    std::shared_ptr<Ear> ear;
    std::shared_ptr<Common> common;
  };
  const auto attend = [](const Upstream& of, auto& at) {
    const bool has_roots = of.attendant != nullptr && of.attendant->has_roots();
    at.interaction = of.attendant;
    at.capabilities = has_roots ? with_roots(of.declared) : of.declared;
    at.notifications = of.ear.get();
    at.owner = std::make_shared<const Keep>(of.authorizer, of.ear, of.common);
  };
  if (upstream->connection->transport == vault::Transport::stdio) {
    if (!upstream->common->launcher)
      upstream->common->launcher = parts_.launch(*upstream->connection);
    mcp_client::StdioTarget target;
    target.launcher = upstream->common->launcher.get();
    target.command =
        upstream->connection->command.empty() ? "" : upstream->connection->command.front();
    target.known = known_era(state, parts_.clock.now());
    attend(*upstream, target);
    if (!options.connect_timeout)
      co_return co_await mcp_client::open_stdio(std::move(target), parts);
    co_return co_await with_timeout<mcp_client::Opened>(
        *options.connect_timeout, mcp_client::open_stdio(std::move(target), parts),
        "starting " + upstream->connection->name);
  }
  mcp_client::HttpTarget target;
  target.url = upstream->connection->url;
  target.allowances = upstream->connection->allowances;
  target.authorizer = upstream->authorizer.get();
  target.known = known_era(state, parts_.clock.now());
  target.fixed_credential = upstream->connection->auth == vault::AuthKind::headers;
  attend(*upstream, target);
  if (options.connect_timeout) target.connect_timeout = *options.connect_timeout;
  // Kept by the peer's own parts: the common ones must not keep themselves.
  target.on_retry_after = [this, of = std::weak_ptr(upstream->common)](int status,
                                                                       std::chrono::seconds wait) {
    if (const auto common = of.lock()) leave_alone(*common, status, wait);
  };
  target.find_input_schema =
      [common = upstream->common](std::string_view tool) -> std::optional<std::string> {
    const auto found = common->schemas.find(tool);
    if (found == common->schemas.end()) return std::nullopt;
    return found->second;
  };
  co_return co_await mcp_client::open_http(std::move(target), parts);
}

Task<Result<Upstreams::OpenOutcome>> Upstreams::open(UpstreamPtr upstream) {
  Result<vault::ConnectionState> state = co_await parts_.store.connections().load_state(
      upstream->key.organization, upstream->key.connection);
  if (!state) co_return std::unexpected(state.error());
  if (crossing_ && !crossing_->owns(upstream->key)) {
    // The era was forgotten since the request was let through: the next goes to the owner.
    if (state->era != "modern") {
      co_return fail(Errc::unavailable,
                     fmt::format("{} is just being examined anew", upstream->connection->name),
                     "call again");
    }
    state->era_at = parts_.clock.now();  // whether it still holds, the owner finds out
  }
  upstream->common->saved_health = state->health;
  upstream->common->saved_detail = state->detail;
  if (const Result<void> loaded = co_await load_schemas(upstream); !loaded)
    co_return std::unexpected(loaded.error());

  for (bool repeated = false;; repeated = true) {
    oauth_client::AccessTokenPtr used = upstream->authorizer->current();
    // Null where the references are read by this very opening: reading them again is of no use.
    const FixedHeaders::ListPtr sent = upstream->authorizer->fixed().current();
    Result<mcp_client::Opened> opened = co_await open_transport(upstream, *state);
    if (!opened) {
      if (opened.error().code == Errc::sign_in_required) {
        co_await save_health(upstream, vault::Health::sign_in_required, opened.error());
        co_return OpenOutcome(PersonNeeded{PersonNeeded::Why::sign_in, opened.error(), {}, {}});
      }
      const bool reached =
          opened.error().code == Errc::protocol || opened.error().code == Errc::server_error ||
          opened.error().code == Errc::unsupported || opened.error().code == Errc::rejected ||
          opened.error().code == Errc::invalid_client;
      co_await save_health(upstream, reached ? vault::Health::failing : vault::Health::unreachable,
                           opened.error());
      co_return std::unexpected(opened.error());
    }
    if (opened->refusal) {
      // The first request of a process loads its token only now.
      if (!used) used = upstream->authorizer->current();
      Result<std::optional<PersonNeeded>> needed =
          co_await on_refusal(upstream, std::move(*opened->refusal), used, sent, repeated);
      if (!needed) co_return std::unexpected(needed.error());
      if (*needed) co_return OpenOutcome(std::move(**needed));
      continue;
    }
    const std::shared_ptr<mcp_client::Peer> made = std::move(opened->peer);
    upstream->common->modern = opened->verdict.era == mcp::Era::modern;
    if (upstream->peer) {  // another session's opening found a modern server, and was faster
      parts_.tasks.spawn("close_upstream", close_peer(made));
      co_return OpenOutcome(Ready{});
    }
    upstream->peer = made;
    upstream->last_used = parts_.clock.steady_now();
    if (upstream->retired && upstream->in_flight == 0)
      parts_.tasks.spawn("close_upstream", close_peer(upstream->peer));
    const std::shared_ptr<mcp_client::Peer> peer = upstream->peer;
    if (upstream->common->modern) adopt_modern(upstream);
    make_room(upstream);
    const std::string era = era_word(opened->verdict);
    // Another task may have written the state meanwhile, so it is read again.
    Result<vault::ConnectionState> current = co_await parts_.store.connections().load_state(
        upstream->key.organization, upstream->key.connection);
    const bool known = known_era(*state, parts_.clock.now()).has_value();
    if (current && (!known || current->era != era)) {
      current->era = era;
      current->protocol_version = peer->info().protocol_version;
      current->era_at = parts_.clock.now();
      current->server_info = server_info_json(peer->info());
      (void)co_await parts_.store.connections().save_state(upstream->key.organization,
                                                           upstream->key.connection, *current);
    }
    if (interest_of(*upstream).resource_uris.empty()) {
      co_await tell_interest(upstream, peer);
    } else {  // one request for each, for which no call waits
      parts_.tasks.spawn("follow_beside", tell_interest(upstream, peer));
    }
    keep_following(upstream->key);
    co_return OpenOutcome(Ready{});
  }
}

Error Upstreams::key_refused(const UpstreamPtr& upstream, int status) const {
  const std::string& name = upstream->connection->name;
  Error error{
      Errc::sign_in_required,
      fmt::format("{} refuses the configured headers (HTTP {})", name, status),
      fmt::format("set a valid key: gatehouse edit {} --bearer env:VARIABLE (or --header)", name)};
  std::string references;
  for (const vault::NamedSecret& header : upstream->connection->headers) {
    if (header.reference.empty()) continue;
    references += (references.empty() ? "" : ", ") + header.name;
  }
  if (!references.empty()) {
    error.hint = fmt::format(
        "put a valid key where {} is read from (gatehouse show {} names the place), then "
        "`gatehouse status {}`",
        references, name, name);
  }
  return error;
}

Task<Result<std::optional<PersonNeeded>>> Upstreams::on_refusal(UpstreamPtr upstream,
                                                                mcp::HttpRefusal refusal,
                                                                oauth_client::AccessTokenPtr used,
                                                                FixedHeaders::ListPtr sent,
                                                                bool repeated) {
  const std::string& name = upstream->connection->name;
  const bool by_header = upstream->connection->auth == vault::AuthKind::headers;
  if (!by_header && oauth_client::is_machine(*upstream->connection))
    co_return co_await on_machine_refusal(std::move(upstream), std::move(refusal), used, repeated);
  if (used && !by_header && refusal.status == 403) {
    const auto challenges =
        oauth::parse_challenges(std::span<const std::string>(refusal.challenges));
    const auto bearer = oauth::find_bearer(challenges);
    if (!bearer || (bearer->error != "insufficient_scope" && bearer->scope.empty())) {
      // Forbidden to this account, whatever scope it asks for: no sign-in would help (trap 52).
      co_return fail(Errc::rejected,
                     fmt::format("{} forbids this to the account that signed in (HTTP 403)", name),
                     "ask whoever runs that server");
    }
    oauth_client::TokenSource::StepUp step = oauth_client::TokenSource::on_insufficient_scope(
        *upstream->connection, *used, refusal.challenges);
    co_return PersonNeeded{PersonNeeded::Why::more_scope, step.error, step.scope,
                           refusal.challenges};
  }
  if (used && !by_header && refusal.status == 401 && !repeated) {
    Result<oauth_client::AccessTokenPtr> renewed =
        co_await parts_.tokens.on_unauthorized(*upstream->connection, upstream->key, used);
    if (renewed) co_return std::nullopt;
    if (renewed.error().code != Errc::sign_in_required) {
      const bool refused = renewed.error().code == Errc::invalid_client;
      co_await save_health(upstream, refused ? vault::Health::failing : vault::Health::unreachable,
                           renewed.error());
      co_return std::unexpected(renewed.error());
    }
    co_await save_health(upstream, vault::Health::sign_in_required, renewed.error());
    co_return PersonNeeded{PersonNeeded::Why::sign_in, renewed.error(), {}, refusal.challenges};
  }
  if (by_header && sent && refusal.status == 401 && !repeated) {
    const Result<bool> changed = co_await upstream->authorizer->fixed().read_again(sent);
    if (!changed) co_return std::unexpected(changed.error());
    if (*changed) co_return std::nullopt;
  }
  Error error{Errc::sign_in_required,
              fmt::format("{} wants a sign-in (HTTP {})", name, refusal.status),
              fmt::format("run `gatehouse login {}`", name)};
  if (by_header) {
    error = key_refused(upstream, refusal.status);
  } else if (used) {
    error.detail =
        fmt::format("{} refuses the token of the last sign-in{} (HTTP {})", name,
                    used->key ? ", which is bound to a key (DPoP)," : "", refusal.status);
  }
  co_await save_health(upstream, vault::Health::sign_in_required, error);
  co_return PersonNeeded{PersonNeeded::Why::sign_in, error, {}, refusal.challenges};
}

Task<> Upstreams::save_health(UpstreamPtr upstream, vault::Health health, Error why, Save when) {
  // Health and catalog are those that agents meet: of the default account.
  if (upstream->key.account != upstream->connection->default_account) co_return;
  const bool same =
      upstream->common->saved_health == health && upstream->common->saved_detail == why.detail;
  if (same && when == Save::changed) co_return;
  upstream->common->saved_health = health;
  upstream->common->saved_detail = why.detail;
  vault::ConnectionStore& store = parts_.store.connections();
  Result<vault::ConnectionState> state =
      co_await store.load_state(upstream->key.organization, upstream->key.connection);
  if (!state) co_return;
  state->health = health;
  state->detail = why.detail;
  state->hint = why.hint.empty() ? way_out(health, upstream->connection->name) : why.hint;
  state->checked_at = parts_.clock.now();
  if (health == vault::Health::ready) state->ready_at = state->checked_at;
  const Result<void> saved =
      co_await store.save_state(upstream->key.organization, upstream->key.connection, *state);
  if (!saved)
    parts_.log.warn("state_not_saved",
                    {{"connection", upstream->connection->name}, {"error", saved.error().detail}});
}

}  // namespace gatehouse::upstream
