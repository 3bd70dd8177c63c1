#include "cli/add_plan.hpp"

#include <fmt/format.h>

#include "cli/connections.hpp"
#include "cli/json_out.hpp"
#include "cli/requirements.hpp"
#include "cli/secret_source.hpp"
#include "cli/settings_flags.hpp"
#include "cli/table.hpp"
#include "oauth_client/machine_grants.hpp"

namespace gatehouse::cli {
namespace {

using oauth_client::Discovery;

std::string kept_how(const vault::NamedSecret& secret) {
  if (!secret.reference.empty()) return "read from " + secret.reference + " each time";
  return secret.value.empty() ? "asked for" : "kept encrypted";
}

std::string would_ask(const std::vector<vault::NamedSecret>& secrets) {
  std::string names;
  for (const vault::NamedSecret& secret : secrets) {
    const bool asked = secret.reference.empty() && secret.value.empty();
    if (asked) names += (names.empty() ? "" : ", ") + secret.name;
  }
  return names;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> plan_facts(
    const vault::Connection& connection, const std::optional<Discovery>& discovery,
    const std::string& client_metadata_url) {
  const bool http = connection.transport == vault::Transport::http;
  std::vector<std::pair<std::string, std::string>> facts{
      {"name", connection.name},
      {http ? "url" : "command", address_of(connection)},
      {"directory", connection.directory},
      {"preset", connection.preset},
      {"needs", http ? std::string(auth_name(connection.auth)) : ""},
      {"client id", connection.oauth.client_id},
      {"issuer", connection.oauth.issuer},
      {"scopes", fmt::format("{}", fmt::join(connection.oauth.scopes, " "))}};
  for (const vault::NamedSecret& header : connection.headers)
    facts.emplace_back("header", header.name + ": " + kept_how(header));
  for (const vault::NamedSecret& variable : connection.environment)
    facts.emplace_back("variable", variable.name + ": " + kept_how(variable));
  for (const http::Allowance& allowance : connection.allowances)
    facts.emplace_back("allowed", allowance.origin + (allowance.purpose == http::Purpose::connection
                                                          ? " as the server"
                                                          : " as the authorization server"));
  const auto settings = settings_facts(connection.options);
  facts.insert(facts.end(), settings.begin(), settings.end());
  const Preset* const preset = find_preset(connection.preset);
  const bool wants_key =
      connection.headers.empty() && (connection.auth == vault::AuthKind::headers ||
                                     (preset != nullptr && preset->needs == Needs::key));
  const bool wants_client = preset != nullptr && preset->needs == Needs::client &&
                            connection.oauth.client_id.empty() && connection.headers.empty();
  facts.emplace_back("would ask for", wants_key      ? "a key for the server"
                                      : wants_client ? "a client registered beforehand"
                                                     : "");
  if (!http) facts.emplace_back("then", "the command is started and its tools are listed");
  if (!discovery) return facts;
  if (discovery->problem && !may_go_on(*discovery, connection)) {
    facts.emplace_back("problem", describe(*discovery->problem));
    return facts;
  }
  const std::string sign_in = explain_sign_in(*discovery, connection, client_metadata_url);
  facts.emplace_back("then", sign_in.empty() ? "the tools are listed" : sign_in);
  return facts;
}

void print_plan(Services& services, const vault::Connection& connection,
                const std::optional<Discovery>& discovery, bool as_json) {
  const auto facts = plan_facts(connection, discovery, services.settings.client_metadata_url);
  if (!as_json) {
    services.terminal.print(to_text(facts));
    services.terminal.note("Nothing was stored and nobody was registered (--dry-run).");
    return;
  }
  JsonObject json = connection_json(connection, {});
  std::vector<std::string> headers, variables, allowed;
  for (const vault::NamedSecret& header : connection.headers) headers.push_back(header.name);
  for (const vault::NamedSecret& variable : connection.environment)
    variables.push_back(variable.name);
  for (const http::Allowance& allowance : connection.allowances)
    allowed.push_back(allowance.origin);
  json.flag("dry_run", true).texts("headers", headers).texts("environment", variables);
  json.texts("scopes", connection.oauth.scopes).text_if("issuer", connection.oauth.issuer);
  json.text_if("client_id", connection.oauth.client_id).texts("allowances", allowed);
  json.raw("settings", settings_json(connection.options).str());
  json.text_if("would_ask_for", would_ask(connection.headers) + would_ask(connection.environment));
  if (discovery) {
    json.text("finding", oauth_client::to_string(discovery->finding));
    json.text("summary", discovery->summary).raw("steps", steps_json(*discovery));
    json.text_if("sign_in",
                 explain_sign_in(*discovery, connection, services.settings.client_metadata_url));
    if (discovery->problem) json.text("problem", discovery->problem->detail);
  }
  services.terminal.print(json.str() + "\n");
}

Task<Result<void>> provide(Services& services, const Preset& preset,
                           vault::Connection& connection) {
  if (!connection.headers.empty()) co_return Result<void>{};
  if (preset.needs == Needs::client && connection.oauth.client_id.empty() &&
      !services.terminal.can_ask()) {
    co_return fail(Errc::invalid_argument,
                   fmt::format("{} needs a client of your own", preset.title),
                   fmt::format("register one at {}, then: gatehouse add {} --client-id ID "
                               "--client-secret-file FILE",
                               preset.where_to_get, connection.name));
  }
  if (preset.needs != Needs::key) co_return Result<void>{};
  const std::string flag =
      preset.key_prefix == "Bearer "
          ? fmt::format("--bearer env:{}", preset.key_variable)
          : fmt::format("--header {}=env:{}", preset.key_header, preset.key_variable);
  if (!services.terminal.can_ask()) {
    co_return fail(Errc::invalid_argument, fmt::format("{} needs an API key", preset.title),
                   fmt::format("make one at {}, then: gatehouse add {} {}", preset.where_to_get,
                               connection.name, flag));
  }
  Result<Secret> key =
      co_await ask_secret(services.terminal, fmt::format("API key for {}", preset.title), flag);
  if (!key) co_return std::unexpected(key.error());
  const Result<Secret> checked = check_secret(std::string(key->reveal()), "the key");
  if (!checked) co_return std::unexpected(checked.error());
  connection.headers.push_back(
      {std::string(preset.key_header),
       Secret(std::string(preset.key_prefix) + std::string(checked->reveal())),
       {}});
  co_return Result<void>{};
}

void tell_issuers(Terminal& terminal, const Discovery& discovery) {
  terminal.note(
      "The server takes sign-ins of several authorization servers; --issuer URL chooses:");
  for (const std::string& issuer : discovery.issuers) terminal.note("  " + printable(issuer));
}

Error as_usage(Error error) {
  if (error.code == Errc::not_found || error.code == Errc::policy)
    error.code = Errc::invalid_argument;
  return error;
}

}  // namespace gatehouse::cli
