#include "oauth_client/registration.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "http/url.hpp"
#include "oauth/authorization.hpp"
#include "oauth/registration.hpp"
#include "oauth_client/client_configuration.hpp"

namespace gatehouse::oauth_client {

using vault::Registration;
using vault::RegistrationKind;

namespace {

std::string without_port(const http::Url& url) {
  return url.scheme() + "://" + url.host() + url.path() + "?" + url.query();
}

/// RFC 8252 §7.3: a loopback redirect that was registered without a port covers every port.
bool covers(const std::string& registered, const std::string& wanted) {
  if (registered == wanted) return true;
  const auto a = http::Url::parse(registered);
  const auto b = http::Url::parse(wanted);
  return a && b && a->names_loopback() && a->authority() == a->host() &&
         without_port(*a) == without_port(*b);
}

std::unexpected<Error> nothing_left(const RegistrationRequest& request,
                                    const ClientSettings& settings) {
  std::string why = "the authorization server " + quote_remote(request.server.issuer) +
                    " offers no registration for new clients";
  if (request.server.client_id_metadata_document_supported && settings.client_metadata_url.empty())
    why += ", except by a client ID metadata document, and no URL of one is configured here";
  return fail(Errc::unsupported, std::move(why),
              "register a client there by hand, then run `gatehouse login " +
                  request.connection_name + " --client-id ID`");
}

Registration make_registration(const RegistrationRequest& request, RegistrationKind kind,
                               SystemTime now) {
  Registration registration{.id = RegistrationId::make(),
                            .organization = request.organization,
                            .issuer = request.server.issuer,
                            .kind = kind,
                            .created_at = now};
  if (!request.redirect_uri.empty()) registration.redirect_uris = {request.redirect_uri};
  return registration;
}

/// For a login that is not redirected: registering wants a redirect URI all the same, and a browser
/// login that comes later prefers its port.
std::string some_redirect_uri(const vault::OAuthSettings& settings) {
  constexpr unsigned kFirst = 49152;  // RFC 6335 §6: dynamic ports
  const std::string bytes = random_bytes(2);
  const unsigned number =
      static_cast<unsigned char>(bytes[0]) * 256U + static_cast<unsigned char>(bytes[1]);
  const unsigned port =
      settings.redirect_port != 0 ? settings.redirect_port : kFirst + number % (65536 - kFirst);
  return "http://127.0.0.1:" + std::to_string(port) + settings.redirect_path;
}

}  // namespace

bool covers_redirect(const Registration& registration, const std::string& redirect_uri) {
  if (redirect_uri.empty()) return true;  // a login that is not redirected
  return std::ranges::any_of(registration.redirect_uris, [&](const std::string& registered) {
    return covers(registered, redirect_uri);
  });
}

Registrar::Registrar(vault::RegistrationStore& store, http::Client& client, const Clock& clock,
                     ClientSettings settings, Sleep sleep)
    : store_(store),
      client_(client),
      clock_(clock),
      settings_(std::move(settings)),
      sleep_(std::move(sleep)) {}

Task<Result<Registration>> Registrar::obtain(RegistrationRequest request) {
  if (!request.settings.client_id.empty()) co_return co_await use_preregistered(std::move(request));
  const bool documented = request.server.client_id_metadata_document_supported &&
                          !settings_.client_metadata_url.empty();
  if (documented) co_return co_await use_client_metadata(std::move(request));
  if (!request.server.registration_endpoint.empty())
    co_return co_await use_dynamic(std::move(request));
  co_return nothing_left(request, settings_);
}

Task<Result<Registration>> Registrar::obtain_configured(RegistrationRequest request) {
  co_return co_await use_preregistered(std::move(request));
}

Task<Result<Registration>> Registrar::use_client_metadata(RegistrationRequest request) {
  const auto current = co_await store_.find_current(request.organization, request.server.issuer,
                                                    RegistrationKind::client_metadata);
  if (!current) co_return std::unexpected(current.error());
  if (*current && (*current)->client_id == settings_.client_metadata_url) co_return **current;
  Registration registration =
      make_registration(request, RegistrationKind::client_metadata, clock_.now());
  registration.client_id = settings_.client_metadata_url;
  registration.auth_method = "none";
  co_return co_await store_or_adopt(std::move(registration),
                                    *current ? std::optional((*current)->id) : std::nullopt,
                                    request.redirect_uri, request.allowances);
}

Task<Result<Registration>> Registrar::register_now(RegistrationRequest request,
                                                   std::optional<Registration> current) {
  if (const auto checked =
          oauth::check_endpoint(request.server.registration_endpoint, "the registration endpoint");
      !checked) {
    co_return std::unexpected(checked.error());
  }
  const auto method = oauth::choose_auth_method(request.server);
  if (!method) co_return std::unexpected(method.error());
  if (request.redirect_uri.empty()) request.redirect_uri = some_redirect_uri(request.settings);
  oauth::ClientMetadata metadata{.client_name = settings_.client_name,
                                 .client_uri = settings_.client_uri,
                                 .redirect_uris = {request.redirect_uri},
                                 .auth_method = *method,
                                 .device_grant = offers_device_grant(request.server)};
  // Those registered before stay registered: another process may be listening there.
  std::vector<std::string> further = request.further_redirect_uris;
  if (current)
    further.insert(further.end(), current->redirect_uris.begin(), current->redirect_uris.end());
  for (const std::string& uri : further) {
    if (metadata.redirect_uris.size() >= limits::kPendingLogins) break;
    if (std::ranges::find(metadata.redirect_uris, uri) == metadata.redirect_uris.end())
      metadata.redirect_uris.push_back(uri);
  }
  const http::SendOptions options{.purpose = http::Purpose::authorization_server,
                                  .allowances = request.allowances};
  const Result<http::Reply> reply = co_await client_.send(
      oauth::make_registration_request(request.server.registration_endpoint, metadata), options);
  if (!reply) co_return std::unexpected(reply.error());
  Result<oauth::RegistrationResponse> response =
      oauth::parse_registration_response(reply->status, reply->body);
  if (!response) {
    if (response.error().code == Errc::rejected) {
      response.error().hint = "register a client there by hand, then run `gatehouse login " +
                              request.connection_name + " --client-id ID`";
    }
    co_return std::unexpected(response.error());
  }
  const auto settled = oauth::settle_auth_method(*response, request.server);
  if (!settled) co_return std::unexpected(settled.error());
  Registration registration = make_registration(request, RegistrationKind::dynamic, clock_.now());
  registration.client_id = response->client_id;
  registration.client_secret = std::move(response->client_secret);
  registration.auth_method = std::string(oauth::to_string(*settled));
  registration.redirect_uris =
      response->redirect_uris.empty() ? metadata.redirect_uris : response->redirect_uris;
  if (!covers_redirect(registration, request.redirect_uri)) {
    co_return fail(Errc::rejected,
                   "the registration endpoint did not accept the redirect URI " +
                       quote_remote(request.redirect_uri),
                   "register a client there by hand, then run `gatehouse login " +
                       request.connection_name + " --client-id ID`");
  }
  if (response->secret_expires_at && !registration.client_secret.empty())
    registration.secret_expires_at = SystemTime(std::chrono::seconds(*response->secret_expires_at));
  registration.registration_client_uri = response->registration_client_uri;
  registration.registration_access_token = std::move(response->registration_access_token);
  co_return co_await store_or_adopt(std::move(registration),
                                    current ? std::optional(current->id) : std::nullopt,
                                    request.redirect_uri, request.allowances);
}

Task<Result<Registration>> Registrar::store_or_adopt(Registration registration,
                                                     std::optional<RegistrationId> expected,
                                                     std::string redirect_uri,
                                                     std::vector<http::Allowance> allowances) {
  const Registration ours = registration;
  Result<Registration> stored = co_await store_.save(std::move(registration), std::move(expected));
  if (stored || stored.error().code != Errc::conflict) co_return stored;
  // First writer wins. When its client does not cover our redirect URI, ours comes after it.
  const auto winner = co_await store_.find_current(ours.organization, ours.issuer, ours.kind);
  if (!winner) co_return std::unexpected(winner.error());
  const bool fits = *winner && (ours.kind != RegistrationKind::dynamic ||
                                covers_redirect(**winner, redirect_uri));
  const Fitness fitness = fits ? fitness_of(**winner, clock_.now()) : Fitness::ended;
  if (fitness == Fitness::good || fitness == Fitness::ending) {
    // Nobody will use the client that we have just been given.
    if (ours.kind == RegistrationKind::dynamic)
      (void)co_await delete_client(ours, std::move(allowances), client_);
    co_return **winner;
  }
  co_return co_await store_.save(ours, *winner ? std::optional((*winner)->id) : std::nullopt);
}

Task<Result<std::optional<Registration>>> Registrar::find_current(OrganizationId organization,
                                                                  std::string issuer,
                                                                  vault::OAuthSettings settings) {
  if (!settings.client_id.empty()) {
    auto found =
        co_await store_.find_current(organization, issuer, RegistrationKind::preregistered);
    if (found && *found && (*found)->client_id != settings.client_id) found->reset();
    co_return found;
  }
  if (!settings_.client_metadata_url.empty()) {
    auto documented =
        co_await store_.find_current(organization, issuer, RegistrationKind::client_metadata);
    if (!documented || *documented) co_return documented;
  }
  co_return co_await store_.find_current(organization, issuer, RegistrationKind::dynamic);
}

}  // namespace gatehouse::oauth_client
