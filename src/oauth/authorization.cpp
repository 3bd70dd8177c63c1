#include "oauth/authorization.hpp"

#include "base/encoding.hpp"
#include "http/url.hpp"
#include "oauth/scope.hpp"

namespace gatehouse::oauth {
namespace {

constexpr std::size_t kCallbackBytes = 16 * 1024;  // codes can be JWTs

void append(std::string& url, std::string_view name, std::string_view value) {
  if (!url.ends_with('?') && !url.ends_with('&')) url += '&';
  url += name;
  url += '=';
  url += percent_encode(value);
}

std::string_view trim(std::string_view text) {
  const auto is_white = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_white(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_white(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view query_of(std::string_view text) {
  text = text.substr(0, text.find('#'));
  const std::size_t mark = text.find('?');
  return mark == std::string_view::npos ? text : text.substr(mark + 1);
}

}  // namespace

Result<void> check_endpoint(std::string_view url, std::string_view what) {
  const Result<http::Url> parsed = http::Url::parse(url, what);
  if (!parsed) return fail(Errc::policy, parsed.error().detail);
  if (!parsed->is_https() && !parsed->names_loopback()) {
    return fail(Errc::policy, std::string(what) + " " + quote_remote(url) +
                                  " is plain http, which is accepted on loopback only");
  }
  return {};
}

Result<std::string> make_authorization_url(const AuthorizationRequest& request) {
  if (const auto checked =
          check_endpoint(request.authorization_endpoint, "the authorization endpoint");
      !checked) {
    return std::unexpected(checked.error());
  }
  std::string url = request.authorization_endpoint;
  if (url.find('?') == std::string::npos) url += '?';
  append(url, "response_type", "code");
  append(url, "client_id", request.client_id);
  append(url, "redirect_uri", request.redirect_uri);
  append(url, "state", request.state);
  append(url, "code_challenge", request.code_challenge);
  append(url, "code_challenge_method", "S256");
  if (!request.resource.empty()) append(url, "resource", request.resource);
  if (!request.scope.empty()) append(url, "scope", request.scope);
  if (!request.nonce.empty()) append(url, "nonce", request.nonce);
  // OpenID Connect Core §11: without it offline_access must be ignored, and no refresh token comes.
  if (missing_scopes("offline_access", request.scope).empty()) append(url, "prompt", "consent");
  return url;
}

Result<Callback> parse_callback(std::string_view text) {
  if (text.size() > kCallbackBytes) return fail(Errc::parse, "the callback is longer than 16 KB");
  const std::optional<FormFields> fields = form_decode(query_of(trim(text)));
  if (!fields) return fail(Errc::parse, "the callback has a malformed escape");
  Callback callback;
  bool twice = false;
  const auto take = [&](std::optional<std::string>& into, const std::string& value) {
    twice = twice || into.has_value();
    into = value;
  };
  std::optional<std::string> state, code, error, description, uri;
  for (const auto& [name, value] : *fields) {
    if (name == "state") take(state, value);
    if (name == "code") take(code, value);
    if (name == "error") take(error, value);
    if (name == "error_description") take(description, value);
    if (name == "error_uri") take(uri, value);
    if (name == "iss") take(callback.iss, value);
  }
  // RFC 6749 §3.1: parameters are not given twice; which one counts would be a guess.
  if (twice) return fail(Errc::parse, "the callback gives a parameter twice");
  callback.state = state.value_or("");
  callback.code = code.value_or("");
  callback.error = error.value_or("");
  callback.error_description = description.value_or("");
  callback.error_uri = uri.value_or("");
  if (callback.state.empty()) {
    return fail(Errc::parse, "the callback has no state",
                "paste the whole address that the browser ended at");
  }
  if (callback.code.empty() && callback.error.empty()) {
    return fail(Errc::parse, "the callback has neither a code nor an error",
                "paste the whole address that the browser ended at");
  }
  return callback;
}

Result<void> check_callback_issuer(const std::optional<std::string>& iss,
                                   std::string_view recorded_issuer, bool advertised) {
  if (!iss) {
    if (!advertised) return {};
    return fail(Errc::policy,
                "the callback does not say which authorization server it comes from, although " +
                    quote_remote(recorded_issuer) + " announces that it does (RFC 9207)",
                "start the login again; if it happens again, do not trust this server");
  }
  // Simple string comparison, no normalisation whatsoever (RFC 9207 §2.4).
  if (*iss != recorded_issuer) {
    return fail(Errc::policy,
                "the callback comes from " + quote_remote(*iss) +
                    ", but the login was started at " + quote_remote(recorded_issuer),
                "start the login again; if it happens again, do not trust this server");
  }
  return {};
}

Error authorization_error(const Callback& callback) {
  std::string detail = "the authorization server answered " + quote_remote(callback.error, 60);
  if (!callback.error_description.empty())
    detail += ": " + quote_remote(callback.error_description);
  if (callback.error == "access_denied")
    return {Errc::rejected, std::move(detail), "start the login again and allow the access"};
  if (callback.error == "unauthorized_client" || callback.error == "invalid_client")
    return {Errc::invalid_client, std::move(detail), "check the client id of this connection"};
  if (callback.error == "temporarily_unavailable" || callback.error == "server_error")
    return {Errc::server_error, std::move(detail), "try again later"};
  if (callback.error == "invalid_scope")
    return {Errc::rejected, std::move(detail), "check the scopes configured for this connection"};
  return {Errc::rejected, std::move(detail), "start the login again"};
}

}  // namespace gatehouse::oauth
