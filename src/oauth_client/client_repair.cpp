#include "oauth_client/client_repair.hpp"

#include <fmt/format.h>

#include "oauth_client/client_configuration.hpp"

namespace gatehouse::oauth_client {

using vault::Registration;
using vault::RegistrationKind;

namespace {

Error refused_by_hand(const Registration& registration, std::string_view name) {
  return {
      Errc::invalid_client,
      fmt::format("the authorization server {} refuses the client {} that was registered there "
                  "by hand",
                  quote_remote(registration.issuer), quote_remote(registration.client_id)),
      registration.auth_method == "private_key_jwt"
          ? fmt::format("have the public part of its key registered there, or sign with another "
                        "key: gatehouse login {} --private-key file:PATH",
                        name)
          : fmt::format("correct its secret, or have it enabled there: gatehouse login {} "
                        "--client-id ID --client-secret-file FILE",
                        name)};
}

Error refused_document(const Registration& registration, std::string_view name) {
  return {Errc::invalid_client,
          fmt::format("the authorization server {} does not accept our client ID metadata document "
                      "{}",
                      quote_remote(registration.issuer), quote_remote(registration.client_id)),
          fmt::format("make sure that it can be read from the Internet, or register a client there "
                      "by hand: gatehouse login {} --client-id ID",
                      name)};
}

Error forgotten(const Registration& registration, std::string_view what_then,
                std::string_view name) {
  // Marked refused at the present time, or a short while ago.
  const bool ended = registration.secret_expires_at && registration.refused_at &&
                     *registration.secret_expires_at <= *registration.refused_at;
  return {Errc::sign_in_required,
          fmt::format("the authorization server {} {} (invalid_client){}; a login belongs to its "
                      "client",
                      quote_remote(registration.issuer),
                      ended ? "refuses our client, whose secret has expired"
                            : "does not know our client any more",
                      what_then),
          fmt::format("run `gatehouse login {}`", name)};
}

Error what_to_do(const Registration& registration, std::string_view what_then,
                 std::string_view name) {
  switch (registration.kind) {
    case RegistrationKind::preregistered:
      return refused_by_hand(registration, name);
    case RegistrationKind::client_metadata:
      return refused_document(registration, name);
    case RegistrationKind::dynamic:
      break;
  }
  return forgotten(registration, what_then, name);
}

}  // namespace

ClientRepair::ClientRepair(vault::RegistrationStore& store, http::Client& client,
                           const Clock& clock, Logger& logger, Registrar& registrar)
    : store_(store), client_(client), clock_(clock), logger_(logger), registrar_(registrar) {}

Task<std::optional<Error>> ClientRepair::look_at_server(ClientProbe& found,
                                                        std::vector<http::Allowance> allowances) {
  const auto urls = oauth::authorization_server_metadata_urls(found.registration.issuer);
  if (!urls) co_return std::nullopt;
  std::optional<Error> doubt;
  for (const std::string& url : *urls) {
    http::Request request;
    request.target = url;
    request.headers.add("Accept", "application/json");
    const auto reply =
        co_await client_.send(std::move(request), {.purpose = http::Purpose::authorization_server,
                                                   .allowances = allowances,
                                                   .redirects = http::Redirects::follow});
    if (!reply) {
      if (!doubt) doubt = reply.error();
    } else if (reply->status >= 500 || reply->status == 429) {
      if (!doubt)
        doubt = Error{Errc::server_error, fmt::format("{} answered HTTP {}", url, reply->status),
                      "try again later"};
    } else if (reply->status == 200) {
      auto metadata = oauth::parse_authorization_server_metadata(reply->body);
      if (!metadata || !oauth::check_issuer(*metadata, found.registration.issuer)) continue;
      found.server = std::move(*metadata);
      co_return std::nullopt;
    }
  }
  co_return doubt;
}

Task<ClientProbe> ClientRepair::probe(Registration refused,
                                      std::vector<http::Allowance> allowances) {
  ClientProbe found{.passing = {}, .server = {}, .registration = refused};
  if (const auto row = co_await store_.find(refused.organization, refused.id); row && *row)
    found.registration = **row;
  if (refused.kind == RegistrationKind::preregistered) {
    // The person has corrected the secret meanwhile.
    const auto newest =
        co_await store_.find_current(refused.organization, refused.issuer, refused.kind);
    if (newest && *newest && (*newest)->client_id == refused.client_id)
      found.registration = **newest;
  }
  if (const auto doubt = co_await look_at_server(found, allowances)) {
    found.passing = *doubt;
    found.passing->detail =
        "the authorization server refuses our client, but is not well: " + found.passing->detail;
    co_return found;
  }
  const bool renewed = !found.registration.client_secret.same_as(refused.client_secret);
  if (refused.kind == RegistrationKind::dynamic && !renewed) {
    if (auto now = co_await registrar_.renew(found.registration, std::move(allowances)))
      found.registration = std::move(*now);
  }
  co_return found;
}

Task<Error> ClientRepair::give_up(ClientProbe probe, std::vector<http::Allowance> allowances,
                                  std::string name) {
  Registration refused = std::move(probe.registration);
  refused.refused_at = clock_.now();
  logger_.warn(
      "client_refused",
      {{"connection", name}, {"issuer", refused.issuer}, {"client_id", refused.client_id}});
  if (refused.kind != RegistrationKind::dynamic || !probe.server ||
      probe.server->registration_endpoint.empty()) {
    const Error error = what_to_do(refused, "", name);
    (void)co_await store_.update(std::move(refused));
    co_return error;
  }
  RegistrationRequest request{.organization = refused.organization,
                              .connection_name = name,
                              .server = std::move(*probe.server),
                              .settings = {},
                              .redirect_uri = {},
                              .further_redirect_uris = {},
                              .allowances = std::move(allowances)};
  const auto successor = co_await registrar_.replace_refused(std::move(request), refused);
  if (!successor) {
    logger_.warn("client_not_replaced",
                 {{"issuer", refused.issuer}, {"detail", successor.error().detail}});
    co_return what_to_do(refused, ", and registering anew failed: " + successor.error().detail,
                         name);
  }
  logger_.info("client_replaced",
               {{"issuer", refused.issuer}, {"client_id", successor->client_id}});
  co_return what_to_do(refused, " and has registered us anew", name);
}

std::optional<Error> ClientRepair::find_recent(const Registration& registration,
                                               std::string_view name) const {
  if (!registration.refused_at) return std::nullopt;
  const auto since = clock_.now() - *registration.refused_at;
  // A clock that was set back must not make us wait for long.
  if (since < SystemTime::duration::zero() || since >= limits::kClientPause) return std::nullopt;
  return what_to_do(registration, "", name);
}

Task<> ClientRepair::forgive(Registration registration) {
  if (!registration.refused_at) co_return;
  registration.refused_at.reset();
  (void)co_await store_.update(std::move(registration));
}

}  // namespace gatehouse::oauth_client
