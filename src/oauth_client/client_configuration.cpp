#include "oauth_client/client_configuration.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "oauth/authorization.hpp"
#include "oauth/client_configuration.hpp"
#include "oauth/registration.hpp"

namespace gatehouse::oauth_client {
namespace {

using vault::Registration;
using vault::RegistrationKind;

bool is_manageable(const Registration& registration) {
  return registration.kind == RegistrationKind::dynamic &&
         !registration.registration_client_uri.empty() &&
         !registration.registration_access_token.empty() &&
         oauth::check_endpoint(registration.registration_client_uri, "the registration's address");
}

http::SendOptions options_for(const std::vector<http::Allowance>& allowances) {
  return {.purpose = http::Purpose::authorization_server,
          .allowances = allowances,
          .timeout = limits::kClientManagementTimeout};
}

/// The newest of its issuer and kind; `all` is oldest first.
bool is_current(const std::vector<Registration>& all, const Registration& one) {
  const auto newest = std::find_if(all.rbegin(), all.rend(), [&](const Registration& other) {
    return other.issuer == one.issuer && other.kind == one.kind;
  });
  return newest != all.rend() && newest->id == one.id;
}

bool is_shared(const std::vector<Registration>& all, const Registration& one) {
  return std::ranges::any_of(all, [&](const Registration& other) {
    return other.id != one.id && other.issuer == one.issuer && other.client_id == one.client_id;
  });
}

}  // namespace

Task<ClientReading> read_client(Registration registration, std::vector<http::Allowance> allowances,
                                http::Client& client) {
  if (!is_manageable(registration)) co_return ClientReading{};
  const Result<http::Reply> reply =
      co_await client.send(oauth::make_client_read_request(registration.registration_client_uri,
                                                           registration.registration_access_token),
                           options_for(allowances));
  if (!reply) co_return ClientReading{};
  if (oauth::says_client_is_gone(reply->status))
    co_return ClientReading{ClientReading::State::gone, {}};
  auto response = oauth::parse_registration_response(reply->status, reply->body);
  // Another client than ours is no news of ours.
  if (reply->status != 200 || !response || response->client_id != registration.client_id)
    co_return ClientReading{};
  if (!response->client_secret.empty()) {
    registration.client_secret = std::move(response->client_secret);
    registration.secret_expires_at.reset();
    if (response->secret_expires_at)
      registration.secret_expires_at =
          SystemTime(std::chrono::seconds(*response->secret_expires_at));
  }
  if (!response->registration_access_token.empty())
    registration.registration_access_token = std::move(response->registration_access_token);
  co_return ClientReading{ClientReading::State::known, std::move(registration)};
}

Task<DeletionReport> delete_client(Registration registration,
                                   std::vector<http::Allowance> allowances, http::Client& client) {
  DeletionReport report{registration.issuer, registration.client_id, Deletion::unsupported, {}};
  if (!is_manageable(registration)) {
    report.detail = "the provider offers no way to delete a client";
    co_return report;
  }
  const Result<http::Reply> reply = co_await client.send(
      oauth::make_client_delete_request(registration.registration_client_uri,
                                        registration.registration_access_token),
      options_for(allowances));
  if (!reply) {
    report.outcome = Deletion::failed;
    report.detail = describe(reply.error());
  } else if (reply->status / 100 == 2 || oauth::says_client_is_gone(reply->status)) {
    report.outcome = Deletion::deleted;
    report.detail = reply->status / 100 == 2 ? "the provider deleted the client"
                                             : "the provider had forgotten the client";
  } else {
    report.outcome = Deletion::failed;
    report.detail = fmt::format("the provider answered HTTP {}", reply->status);
  }
  co_return report;
}

Task<std::vector<DeletionReport>> erase_unused_clients(vault::RegistrationStore& store,
                                                       OrganizationId organization,
                                                       std::string issuer, Unused which,
                                                       std::vector<http::Allowance> allowances,
                                                       http::Client& client) {
  std::vector<DeletionReport> reports;
  const auto all = co_await store.list(organization);
  if (!all) co_return reports;
  for (const Registration& one : *all) {
    if (one.issuer != issuer) continue;
    const bool dynamic = one.kind == RegistrationKind::dynamic;
    if (is_current(*all, one) && !(dynamic && which == Unused::all_dynamic)) continue;
    if (reports.size() >= limits::kClientDeletions) break;
    const auto erased = co_await store.erase_unused(organization, one.id);
    if (!erased || !*erased || !dynamic || is_shared(*all, one)) continue;
    reports.push_back(co_await delete_client(one, allowances, client));
  }
  co_return reports;
}

}  // namespace gatehouse::oauth_client
