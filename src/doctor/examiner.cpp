#include "doctor/examiner.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.hpp"
#include "http/url.hpp"
#include "oauth_client/discovery.hpp"
#include "oauth_client/refresh_flow.hpp"

namespace gatehouse::doctor {
namespace {

using std::chrono::milliseconds;

std::string counted(std::int64_t count, std::string_view unit) {
  return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
}

std::string days_text(SystemTime then, SystemTime now) {
  const auto distance = then > now ? then - now : now - then;
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(distance).count();
  if (minutes < 120) return counted(minutes, "minute");
  if (minutes < 48 * 60) return counted(minutes / 60, "hour");
  return counted(minutes / (24 * 60), "day");
}

std::string ago_text(SystemTime then, SystemTime now) {
  return now - then < std::chrono::minutes(1) ? "just now" : days_text(then, now) + " ago";
}

Phase phase_of(http::Leg::Kind kind) {
  switch (kind) {
    case http::Leg::Kind::name:
      return Phase::name;
    case http::Leg::Kind::proxy:
      return Phase::proxy;
    case http::Leg::Kind::connection:
      return Phase::connection;
    case http::Leg::Kind::encryption:
      return Phase::encryption;
  }
  return Phase::connection;
}

/// Where a failure of the way that is no leg's belongs.
Phase phase_of(const Error& error) {
  return error.code == Errc::blocked_address ? Phase::name : Phase::configuration;
}

std::string describe_token(const vault::Credential& credential, SystemTime now) {
  std::string text =
      credential.subject.empty() ? "signed in" : "signed in as " + credential.subject;
  const vault::TokenSet& tokens = credential.tokens;
  if (!tokens.expires_at) {
    text += ", no expiry known";
  } else if (*tokens.expires_at > now) {
    text += ", expires in " + days_text(*tokens.expires_at, now);
  } else {
    text += ", expired " + ago_text(*tokens.expires_at, now);
  }
  return text + (tokens.refresh_token.empty() ? ", cannot be refreshed" : ", can be refreshed");
}

}  // namespace

/// One examination under way.
struct Examiner::Visit {
  upstream::Target target;
  Report report;
  SteadyTime phase_began{};
  bool stopped = false;  ///< a phase failed that the next ones need
  bool open = false;     ///< the server wants no sign-in

  const vault::Connection& connection() const { return *target.connection; }
  bool is_http() const { return connection().transport == vault::Transport::http; }
  std::string why_skipped(Phase phase, Reach reach) const;
  bool uses_oauth() const {
    return is_http() && (connection().auth == vault::AuthKind::oauth ||
                         connection().auth == vault::AuthKind::unknown);
  }
};

void Examiner::add(Visit& visit, Finding finding) {
  const SteadyTime now = parts_.clock.steady_now();
  if (!finding.took && finding.outcome != Outcome::skipped)
    finding.took = std::chrono::duration_cast<milliseconds>(now - visit.phase_began);
  visit.phase_began = now;
  if (finding.outcome == Outcome::failed) visit.stopped = true;
  parts_.log.info("doctor_finding", {{"reference", visit.report.reference},
                                     {"connection", visit.report.connection},
                                     {"phase", std::string(to_string(finding.phase))},
                                     {"outcome", std::string(to_string(finding.outcome))},
                                     {"detail", finding.detail}});
  visit.report.findings.push_back(std::move(finding));
}

Task<Report> Examiner::examine(upstream::Target target) {
  Visit visit{.target = std::move(target)};
  visit.report.connection = visit.connection().name;
  visit.report.reference = "doc_" + random_token(9);
  visit.phase_began = parts_.clock.steady_now();
  if (!visit.connection().options.enabled) {
    add(visit, make_skipped(Phase::configuration, "switched off by a person: gatehouse enable " +
                                                      visit.connection().name));
    add_skipped_phases(visit);
    co_return std::move(visit.report);
  }
  co_await check_configuration(visit);
  if (!visit.stopped) co_await check_secrets(visit);
  const bool online = reach_ == Reach::online && !visit.stopped;
  if (visit.is_http() && online) co_await check_way(visit);
  if (visit.uses_oauth()) {
    if (online && !visit.stopped) co_await check_discovery(visit);
    if (!visit.open) {
      co_await check_registration(visit);
      co_await check_token(visit);
    }
  }
  if (online && !visit.stopped) {
    co_await check_server(visit);
  } else {
    co_await check_stored_catalog(visit);
  }
  add_skipped_phases(visit);
  co_return std::move(visit.report);
}

std::string Examiner::Visit::why_skipped(Phase phase, Reach reach) const {
  const bool on_the_way = phase >= Phase::name && phase <= Phase::encryption;
  const bool signing_in = phase >= Phase::discovery && phase <= Phase::token;
  if (!connection().options.enabled) return "switched off";
  if (!is_http() && (on_the_way || signing_in)) return "a command needs none";
  if (signing_in && connection().auth == vault::AuthKind::headers)
    return "a fixed key is sent, nobody signs in";
  if (signing_in && (open || connection().auth == vault::AuthKind::none))
    return "the server is open to everybody";
  if (phase == Phase::encryption && connection().url.starts_with("http://"))
    return "http is not encrypted";
  if (reach == Reach::offline) return "not asked";
  const auto beyond = [&](const Finding& finding) { return finding.phase > phase; };
  const bool passed = !stopped || std::ranges::any_of(report.findings, [&](const Finding& one) {
    return beyond(one) && one.outcome == Outcome::failed;
  });
  return phase == Phase::proxy && passed ? "none is configured for this server" : "not reached";
}

void Examiner::add_skipped_phases(Visit& visit) {
  std::vector<Finding>& findings = visit.report.findings;
  std::vector<Finding> missing;
  for (int i = 0; i <= static_cast<int>(Phase::catalog); ++i) {
    const auto phase = static_cast<Phase>(i);
    if (std::ranges::find(findings, phase, &Finding::phase) != findings.end()) continue;
    missing.push_back(make_skipped(phase, visit.why_skipped(phase, reach_)));
  }
  std::ranges::move(missing, std::back_inserter(findings));
  std::ranges::stable_sort(findings, {}, &Finding::phase);
}

Task<> Examiner::check_configuration(Visit& visit) {
  const vault::Connection& connection = visit.connection();
  const std::string& name = connection.name;
  if (!visit.is_http()) {
    if (connection.command.empty()) {
      add(visit,
          make_failure(Phase::configuration,
                       {Errc::invalid_argument, "it has neither URL nor command", {}}, name));
      co_return;
    }
    add(visit, make_ok(Phase::configuration, "command " + connection.command.front()));
    co_return;
  }
  const Result<http::Url> url = http::Url::parse(connection.url, "the server URL");
  if (!url) {
    add(visit, make_failure(Phase::configuration, url.error(), name));
    co_return;
  }
  add(visit, make_ok(Phase::configuration, url->text()));
}

Task<> Examiner::check_secrets(Visit& visit) {
  const vault::Connection& connection = visit.connection();
  if (!connection.secrets_problem.empty()) {
    const Error error{
        Errc::corrupt, "the stored secrets cannot be read: " + connection.secrets_problem,
        fmt::format("gatehouse keys status; then set them again with gatehouse edit {}",
                    connection.name)};
    add(visit, make_failure(Phase::secrets, error, connection.name));
    co_return;
  }
  std::vector<std::pair<std::string, std::string>> references;
  for (const vault::NamedSecret& header : connection.headers)
    if (!header.reference.empty())
      references.emplace_back("header " + header.name, header.reference);
  for (const vault::NamedSecret& variable : connection.environment)
    if (!variable.reference.empty())
      references.emplace_back("variable " + variable.name, variable.reference);
  for (const auto& [what, reference] :
       {std::pair("client secret", connection.oauth.client_secret_reference),
        std::pair("private key", connection.oauth.private_key_reference),
        std::pair("assertion", connection.oauth.assertion_reference)})
    if (!reference.empty()) references.emplace_back(what, reference);
  for (const auto& [what, reference] : references) {
    if (!parts_.read_secret) break;
    const Result<Secret> value = co_await parts_.read_secret(reference);
    if (value) continue;
    Error error = value.error();
    error.detail = what + ": " + error.detail;
    add(visit, make_failure(Phase::secrets, error, connection.name));
    co_return;
  }
  const std::size_t kept = connection.headers.size() + connection.environment.size();
  add(visit, make_ok(Phase::secrets,
                     kept + references.size() == 0
                         ? "none are configured"
                         : fmt::format("all can be read ({} by reference)", references.size())));
}

Task<> Examiner::check_way(Visit& visit) {
  http::SendOptions options;
  options.allowances = visit.connection().allowances;
  const Result<std::vector<http::Leg>> legs =
      co_await parts_.http.trace(visit.connection().url, options);
  if (!legs) {
    add(visit, make_failure(phase_of(legs.error()), legs.error(), visit.connection().name));
    co_return;
  }
  for (const http::Leg& leg : *legs) {
    Finding finding = leg.error
                          ? make_failure(phase_of(leg.kind), *leg.error, visit.connection().name)
                          : make_ok(phase_of(leg.kind), leg.detail);
    finding.took = std::chrono::duration_cast<milliseconds>(leg.took);
    add(visit, std::move(finding));
  }
}

Task<> Examiner::check_discovery(Visit& visit) {
  const vault::Connection& connection = visit.connection();
  const auto found = co_await oauth_client::discover({.server_url = connection.url,
                                                      .issuer = connection.oauth.issuer,
                                                      .allowances = connection.allowances,
                                                      .connection = connection.name},
                                                     parts_.http);
  if (!found) {
    add(visit, make_failure(Phase::discovery, found.error(), connection.name));
    co_return;
  }
  const bool open = found->finding == oauth_client::Finding::none;
  visit.open = open && connection.auth == vault::AuthKind::unknown;
  const Result<oauth::AuthorizationServerMetadata> server = oauth_client::require_server(*found);
  if (server || open) {
    add(visit, make_ok(Phase::discovery,
                       server ? "OAuth at " + quote_remote(server->issuer) : "open to everybody"));
    co_return;
  }
  // A login that exists goes on working without its metadata.
  const auto credential =
      co_await parts_.store.credentials().find(upstream::credential_key(visit.target));
  const bool signed_in = credential && *credential && !(*credential)->sign_in_required;
  Finding finding = make_failure(Phase::discovery, server.error(), connection.name);
  if (signed_in) finding.outcome = Outcome::warning;
  add(visit, std::move(finding));
}

Task<> Examiner::check_registration(Visit& visit) {
  const vault::Connection& connection = visit.connection();
  const auto credential =
      co_await parts_.store.credentials().find(upstream::credential_key(visit.target));
  const bool known = credential && *credential && !(*credential)->binding.issuer.empty();
  const std::string issuer = known ? (*credential)->binding.issuer : connection.oauth.issuer;
  if (issuer.empty()) {
    add(visit, make_skipped(Phase::registration, "the first sign-in registers a client"));
    co_return;
  }
  const auto registered =
      co_await parts_.registrar.find_current(connection.organization, issuer, connection.oauth);
  if (!registered) {
    add(visit, make_failure(Phase::registration, registered.error(), connection.name));
    co_return;
  }
  if (!*registered) {
    add(visit, make_skipped(Phase::registration, "the next sign-in registers a client"));
    co_return;
  }
  const vault::Registration& client = **registered;
  const std::string words =
      fmt::format("client {} ({})", quote_remote(client.client_id, 80), client.auth_method);
  const SystemTime now = parts_.clock.now();
  if (client.secret_expires_at && *client.secret_expires_at <= now) {
    add(visit, make_warning(Phase::registration, words + ": its secret has expired", Owner::you,
                            "gatehouse login " + connection.name));
    co_return;
  }
  if (client.refused_at) {
    add(visit, make_warning(Phase::registration, words + ": the server refused it (invalid_client)",
                            Owner::you, "gatehouse login " + connection.name));
    co_return;
  }
  std::string expiry;
  if (client.secret_expires_at)
    expiry = ", its secret expires in " + days_text(*client.secret_expires_at, now);
  add(visit, make_ok(Phase::registration, words + expiry));
}

Task<> Examiner::check_token(Visit& visit) {
  const vault::Connection& connection = visit.connection();
  const vault::CredentialKey key = upstream::credential_key(visit.target);
  const auto found = co_await parts_.store.credentials().find(key);
  if (!found) {
    add(visit, make_failure(Phase::token, found.error(), connection.name));
    co_return;
  }
  const bool held = *found && !(*found)->tokens.access_token.empty();
  const bool needs_person = connection.oauth.grant == vault::Grant::authorization_code;
  if (!held && connection.auth == vault::AuthKind::unknown) {
    add(visit, make_skipped(Phase::token, "nobody signed in; the server may not ask for it"));
    co_return;
  }
  if (needs_person && (!held || (*found)->sign_in_required)) {
    const std::string reason = held ? (*found)->sign_in_reason : std::string("nobody is signed in");
    add(visit, make_failure(Phase::token,
                            {Errc::sign_in_required, reason, "gatehouse login " + connection.name},
                            connection.name));
    co_return;
  }
  if (reach_ == Reach::online && !visit.stopped) {
    const auto token = co_await parts_.tokens.access_token(connection, key);
    if (!token) {
      add(visit, make_failure(Phase::token, token.error(), connection.name));
      co_return;
    }
    const auto renewed = co_await parts_.store.credentials().find(key);
    if (renewed && *renewed) {
      add(visit, make_ok(Phase::token, describe_token(**renewed, parts_.clock.now())));
      co_return;
    }
  }
  if (!held) {
    add(visit, make_skipped(Phase::token, "obtained at the first call; no person is needed"));
    co_return;
  }
  const SystemTime now = parts_.clock.now();
  const bool dead = !oauth_client::is_alive((*found)->tokens, now) &&
                    (*found)->tokens.refresh_token.empty() && needs_person;
  if (dead) {
    add(visit, make_failure(Phase::token,
                            {Errc::sign_in_required, describe_token(**found, now),
                             "gatehouse login " + connection.name},
                            connection.name));
    co_return;
  }
  add(visit, make_ok(Phase::token, describe_token(**found, now)));
}

Task<> Examiner::check_server(Visit& visit) {
  const vault::Connection& connection = visit.connection();
  const auto listed = co_await parts_.upstreams.refresh_catalog(visit.target);
  const std::optional<mcp_client::ServerInfo> info = parts_.upstreams.info(visit.target);
  if (info) {
    const std::string who = info->name.empty() ? "the server"
                                               : fmt::format("{} {}", quote_remote(info->name, 80),
                                                             quote_remote(info->version, 40));
    add(visit, make_ok(Phase::handshake, fmt::format("{} speaks {}", who, info->protocol_version)));
  }
  const Phase phase = info ? Phase::catalog : Phase::handshake;
  if (!listed) {
    add(visit, make_failure(phase, listed.error(), connection.name));
    co_return;
  }
  if (const auto* needed = std::get_if<upstream::PersonNeeded>(&*listed)) {
    add(visit, make_failure(phase, needed->error, connection.name));
    co_return;
  }
  const auto& catalog = std::get<vault::StoredCatalog>(*listed);
  if (!catalog.dropped.empty()) {
    add(visit,
        make_warning(Phase::catalog,
                     fmt::format("{} tools; {} cannot be used, the first: {}", catalog.tools.size(),
                                 catalog.dropped.size(), catalog.dropped.front()),
                     Owner::server, "tell whoever runs the MCP server"));
    co_return;
  }
  const bool own = connection.mode == vault::CredentialMode::per_member;
  const auto pins = co_await parts_.store.connections().load_pins(
      connection.organization, connection.id, own ? std::optional(local_member()) : std::nullopt,
      vault::ConnectionStore::Pins::waiting);
  if (pins && !pins->empty()) {
    const bool blocks = connection.options.on_change == vault::OnChange::block;
    add(visit,
        make_warning(Phase::catalog,
                     fmt::format("{} tools; {} changed since accepted{}", catalog.tools.size(),
                                 pins->size(), blocks ? ", and blocked" : ""),
                     Owner::you, fmt::format("gatehouse tools {} --changed", connection.name)));
    co_return;
  }
  add(visit, make_ok(Phase::catalog, fmt::format("{} tools", catalog.tools.size())));
}

Task<> Examiner::check_stored_catalog(Visit& visit) {
  const vault::Connection& connection = visit.connection();
  const auto catalog = co_await parts_.store.connections().load_catalog(
      connection.organization, connection.id, local_member());
  if (!catalog) {
    add(visit, make_failure(Phase::catalog, catalog.error(), connection.name));
    co_return;
  }
  const std::string why = reach_ == Reach::offline ? "not asked" : "not reached";
  if (!*catalog) {
    add(visit, make_skipped(Phase::catalog, why + "; its tools were never listed"));
    co_return;
  }
  add(visit,
      make_skipped(Phase::catalog,
                   fmt::format("{}; {} tools are known, listed {}", why, (*catalog)->tools.size(),
                               ago_text((*catalog)->fetched_at, parts_.clock.now()))));
}

}  // namespace gatehouse::doctor
