#include "cli/requirements.hpp"

#include <fmt/format.h>

#include "cli/json_out.hpp"
#include "cli/table.hpp"
#include "oauth_client/machine_grants.hpp"

namespace gatehouse::cli {
namespace {

using oauth_client::Discovery;
using oauth_client::Finding;

void explain(Terminal& terminal, const std::string& name, const Discovery& discovery) {
  // A server that was not reached is said once, by the error.
  const bool unreached =
      discovery.problem && discovery.steps.size() == 1 && discovery.steps.front().status == 0;
  if (unreached) return;
  for (const oauth_client::DiscoveryStep& step : discovery.steps) {
    terminal.note(fmt::format("  {}  {}  {}",
                              step.status == 0 ? "---" : std::to_string(step.status),
                              printable(step.url), printable(step.conclusion)));
  }
  const bool decided = discovery.finding != Finding::unknown;
  // What was not decided ends in an error, which says it once.
  if (!discovery.summary.empty() && (decided || !discovery.problem))
    terminal.note(name + " " + printable(discovery.summary) + ".");
}

vault::AuthKind auth_of(const Discovery& discovery, bool has_headers) {
  if (has_headers) return vault::AuthKind::headers;
  switch (discovery.finding) {
    case Finding::oauth:
      return vault::AuthKind::oauth;
    case Finding::headers:
      return vault::AuthKind::headers;
    case Finding::none:
      return vault::AuthKind::none;
    case Finding::unknown:
      break;
  }
  return vault::AuthKind::unknown;
}

}  // namespace

Task<Result<Discovery>> find_requirements(Services& services, vault::Connection& connection,
                                          std::string issuer, Consent consent) {
  Result<Discovered> found = co_await discover_with_consent(
      services, oauth_client::discovery_request(connection, std::move(issuer)), std::move(consent));
  if (!found) co_return std::unexpected(found.error());
  connection.allowances = std::move(found->allowances);
  explain(services.terminal, connection.name, found->discovery);
  const bool settled =
      oauth_client::is_machine(connection) || connection.role == vault::Role::identity_provider;
  if (!settled) connection.auth = auth_of(found->discovery, !connection.headers.empty());
  co_return std::move(found->discovery);
}

bool may_go_on(const Discovery& discovery, const vault::Connection& connection) {
  return discovery.server || discovery.issuers.size() > 1 ||
         connection.auth == vault::AuthKind::headers || connection.auth == vault::AuthKind::none;
}

std::string steps_json(const Discovery& discovery) {
  std::vector<std::string> steps;
  for (const oauth_client::DiscoveryStep& step : discovery.steps) {
    JsonObject json;
    json.text("url", step.url).number("status", step.status).text("conclusion", step.conclusion);
    steps.push_back(json.str());
  }
  return json_array(steps);
}

std::string explain_sign_in(const Discovery& discovery, const vault::Connection& connection,
                            const std::string& client_metadata_url) {
  if (oauth_client::is_machine(connection)) return "a token is obtained without a person";
  if (connection.auth != vault::AuthKind::oauth) return {};
  if (!discovery.server) {
    return discovery.issuers.size() > 1
               ? fmt::format("a sign-in at one of: {}", fmt::join(discovery.issuers, ", "))
               : "a sign-in";
  }
  const oauth::AuthorizationServerMetadata& server = *discovery.server;
  std::string client = "with a client that is asked for: nobody registers clients there";
  if (!connection.oauth.client_id.empty()) {
    client = fmt::format("as the client {}", connection.oauth.client_id);
  } else if (server.client_id_metadata_document_supported && !client_metadata_url.empty()) {
    client = fmt::format("as the client {}", client_metadata_url);
  } else if (!server.registration_endpoint.empty()) {
    client = "as a client that is registered for it then";
  }
  return fmt::format("a sign-in at {} in a browser, {}", printable(server.issuer),
                     printable(client));
}

}  // namespace gatehouse::cli
