#include <algorithm>

#include "base/random.hpp"
#include "oauth_server/browser_cookie.hpp"
#include "oauth_server/consent_page.hpp"
#include "oauth_server/endpoints.hpp"
#include "oauth_server/redirect_uri.hpp"
#include "oauth_server/requested.hpp"

namespace gatehouse::oauth_server {
namespace {

constexpr std::string_view kChallengeAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string_view query_of(std::string_view target) {
  const std::size_t at = target.find('?');
  return at == std::string_view::npos ? std::string_view() : target.substr(at + 1);
}

}  // namespace

/// The client and its redirect URI, which decide whether errors may be redirected at all.
Task<Outcome<Client>> AuthorizeEndpoint::find_client(const Parameters& parameters) {
  if (!parameters.has("client_id")) co_return refuse("invalid_request", "client_id is missing");
  auto client = co_await clients_.find(std::string(parameters.get("client_id")));
  if (!client) co_return client;
  if (!parameters.has("redirect_uri")) {
    co_return refuse("invalid_request", "redirect_uri is missing");
  }
  if (!any_redirect_uri_matches(client->redirect_uris, parameters.get("redirect_uri"))) {
    co_return refuse("invalid_request", "this redirect_uri is not registered for this client");
  }
  co_return client;
}

Outcome<PendingConsent> AuthorizeEndpoint::check(const Parameters& parameters,
                                                 const Client& client) const {
  if (parameters.get("response_type") != "code") {
    return refuse("unsupported_response_type", "response_type must be code");
  }
  const std::string_view challenge = parameters.get("code_challenge");
  if (parameters.get("code_challenge_method") != "S256" || challenge.size() != 43 ||
      challenge.find_first_not_of(kChallengeAlphabet) != std::string_view::npos) {
    return refuse("invalid_request", "PKCE with S256 is required");
  }
  auto scope = settle_scope(context_.settings, parameters.get("scope"));
  if (!scope) return std::unexpected(scope.error());
  auto resource = settle_resource(context_.settings, parameters);
  if (!resource) return std::unexpected(resource.error());
  PendingConsent consent;
  consent.client_id = client.id;
  consent.client_name = client.name;
  consent.asks_here_only = only_loopback(client.redirect_uris);
  consent.challenge = challenge;
  consent.scope = std::move(*scope);
  consent.resource = std::move(*resource);
  return consent;
}

Task<http::Response> AuthorizeEndpoint::show(const http::Request& request) {
  const auto parameters = Parameters::parse(query_of(request.target));
  if (!parameters) {
    co_return error_page(context_.settings, 400, parameters.error().description);
  }
  const auto client = co_await find_client(*parameters);
  if (!client) {
    const int status = client.error().status == 503 ? 503 : 400;
    co_return error_page(context_.settings, status, client.error().description);
  }
  auto consent = check(*parameters, *client);
  PendingConsent target;
  if (consent) target = std::move(*consent);
  target.redirect_uri = parameters->get("redirect_uri");
  target.state = parameters->get("state");
  if (!consent) {
    co_return back(target, {{"error", consent.error().error},
                            {"error_description", consent.error().description}});
  }
  target.browser = keep_or_make_browser(context_.settings, request);
  const std::string cookie = make_cookie(context_.settings, target.browser);
  ++context_.counters.consents_shown;
  const PendingConsent& shown = pending_.add(std::move(target), context_.clock.now());
  http::Response page = consent_page(context_.settings, shown);
  page.headers.add("Set-Cookie", cookie);
  co_return page;
}

Task<http::Response> AuthorizeEndpoint::decide(const http::Request& request) {
  const auto form = Parameters::parse_form(request);
  if (!form) co_return error_page(context_.settings, 400, form.error().description);
  const auto consent = pending_.take(form->get("token"), find_browser(context_.settings, request),
                                     context_.clock.now());
  if (!consent) {
    co_return error_page(context_.settings, 400,
                         "This page is too old, was used already, or belongs to another browser.");
  }
  const auto user = std::ranges::find(context_.settings.users, form->get("user"), &User::id);
  if (form->has("deny") || user == context_.settings.users.end()) {
    co_return back(*consent,
                   {{"error", "access_denied"}, {"error_description", "the person did not agree"}});
  }
  co_return co_await issue_code(*consent, *user);
}

Task<http::Response> AuthorizeEndpoint::issue_code(const PendingConsent& consent,
                                                   const User& user) {
  const std::string code = "code_" + random_token(32);
  Code record{.hash = hash_of(code),
              .permission = {"grant_" + random_token(16), consent.client_id, user.id, consent.scope,
                             consent.resource},
              .redirect_uri = consent.redirect_uri,
              .challenge = consent.challenge,
              .expires = context_.clock.now() + context_.settings.code_life};
  const auto stored = co_await context_.store.add_code(std::move(record));
  if (!stored) {
    co_return back(consent, {{"error", "server_error"}, {"error_description", "try again later"}});
  }
  ++context_.counters.codes_issued;
  co_return back(consent, {{"code", code}});
}

/// Back to the client with its state and our issuer, in success and in error (RFC 9207).
http::Response AuthorizeEndpoint::back(const PendingConsent& consent, FormFields fields) const {
  if (!consent.state.empty()) fields.emplace_back("state", consent.state);
  fields.emplace_back("iss", context_.settings.issuer);
  http::Response response;
  response.status = 303;
  response.headers = {{"Location", with_query(consent.redirect_uri, form_encode(fields))},
                      {"Cache-Control", "no-store"},
                      {"Referrer-Policy", "no-referrer"}};
  return response;
}

}  // namespace gatehouse::oauth_server
