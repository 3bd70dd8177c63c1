// RFC 8628 §3.1 … §3.3: where a client gets its codes, and the page where a person types one.
#include <algorithm>

#include "base/random.hpp"
#include "jsonrpc/json.hpp"
#include "oauth_server/browser_cookie.hpp"
#include "oauth_server/consent_page.hpp"
#include "oauth_server/endpoints.hpp"
#include "oauth_server/requested.hpp"

namespace gatehouse::oauth_server {
namespace {

std::string_view query_of(std::string_view target) {
  const std::size_t at = target.find('?');
  return at == std::string_view::npos ? std::string_view() : target.substr(at + 1);
}

}  // namespace

Task<http::Response> DeviceEndpoint::begin(const http::Request& request) {
  auto body = co_await issue_codes(request);
  if (!body) co_return failure_answer(body.error());
  co_return json_answer(200, std::move(*body));
}

Task<Outcome<std::string>> DeviceEndpoint::issue_codes(const http::Request& request) {
  const auto form = Parameters::parse_form(request);
  if (!form) co_return std::unexpected(form.error());
  const auto client = co_await clients_.authenticate(request, *form);
  if (!client) co_return std::unexpected(client.error());
  auto scope = settle_scope(context_.settings, form->get("scope"));
  if (!scope) co_return std::unexpected(scope.error());
  auto resource = settle_resource(context_.settings, *form);
  if (!resource) co_return std::unexpected(resource.error());
  const std::string code = "gdd_" + random_token(32);
  const SystemTime now = context_.clock.now();
  PendingDevice device{.device_hash = hash_of(code),
                       .user_code = make_user_code(),
                       .client_id = client->id,
                       .client_name = client->name,
                       .scope = std::move(*scope),
                       .resource = std::move(*resource),
                       .expires = now + context_.settings.device_code_life,
                       .interval = context_.settings.device_interval,
                       .next_poll = now,
                       .verdict = PendingDevice::Verdict::none,
                       .subject = {}};
  const PendingDevice& kept = devices_.add(std::move(device), now);
  const std::string page = endpoint_url(context_.settings, "/device");
  co_return "{\"device_code\":" + jsonrpc::quote(code) +
      ",\"user_code\":" + jsonrpc::quote(kept.user_code) +
      ",\"verification_uri\":" + jsonrpc::quote(page) +
      ",\"verification_uri_complete\":" + jsonrpc::quote(page + "?user_code=" + kept.user_code) +
      ",\"expires_in\":" + std::to_string(context_.settings.device_code_life.count()) +
      ",\"interval\":" + std::to_string(kept.interval.count()) + "}";
}

http::Response DeviceEndpoint::show(const http::Request& request) {
  const auto parameters = Parameters::parse(query_of(request.target));
  // The code is only filled in: who opened a link must still see what it is for (RFC 8628 §5.4).
  const std::string_view typed = parameters ? parameters->get("user_code") : std::string_view();
  return device_code_page(context_.settings, typed, {});
}

http::Response DeviceEndpoint::decide(const http::Request& request) {
  const auto form = Parameters::parse_form(request);
  if (!form) return error_page(context_.settings, 400, form.error().description);
  return form->has("token") ? settle(request, *form) : confirm(request, *form);
}

/// A code was typed: what it is for.
http::Response DeviceEndpoint::confirm(const http::Request& request, const Parameters& form) {
  const SystemTime now = context_.clock.now();
  const PendingDevice* device = devices_.find_by_user_code(form.get("user_code"), now);
  if (device == nullptr) {
    return device_code_page(context_.settings, {},
                            "That code is not known here, has ended or was used already.");
  }
  PendingConsent consent;
  consent.browser = keep_or_make_browser(context_.settings, request);
  consent.client_id = device->client_id;
  consent.client_name = device->client_name;
  consent.state = device->user_code;
  consent.scope = device->scope;
  consent.resource = device->resource;
  const std::string cookie = make_cookie(context_.settings, consent.browser);
  ++context_.counters.consents_shown;
  http::Response page =
      device_consent_page(context_.settings, pending_.add(std::move(consent), now));
  page.headers.add("Set-Cookie", cookie);
  return page;
}

/// A button was pressed.
http::Response DeviceEndpoint::settle(const http::Request& request, const Parameters& form) {
  const SystemTime now = context_.clock.now();
  const auto consent =
      pending_.take(form.get("token"), find_browser(context_.settings, request), now);
  PendingDevice* device = consent ? devices_.find_by_user_code(consent->state, now) : nullptr;
  if (device == nullptr) {
    return error_page(context_.settings, 400,
                      "This page is too old, was used already, or belongs to another browser.");
  }
  const auto user = std::ranges::find(context_.settings.users, form.get("user"), &User::id);
  const bool denied = form.has("deny") || user == context_.settings.users.end();
  device->verdict = denied ? PendingDevice::Verdict::denied : PendingDevice::Verdict::allowed;
  if (!denied) device->subject = user->id;
  return device_done_page(context_.settings,
                          denied ? "Nothing was allowed." : "You are signed in.");
}

}  // namespace gatehouse::oauth_server
