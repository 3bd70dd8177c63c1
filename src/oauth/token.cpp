#include "oauth/token.hpp"

#include <fmt/format.h>

namespace gatehouse::oauth {
namespace {

std::string basic_credentials(const ClientAuthentication& client) {
  // RFC 6749 §2.3.1: both are form-encoded first, so that a ":" in the id is not taken for the end.
  const auto encode = [](std::string_view text) {
    const std::string field = form_encode({{"", std::string(text)}});
    return field.substr(field.find('=') + 1);
  };
  return "Basic " +
         base64_encode(encode(client.client_id) + ":" + encode(client.client_secret.reveal()));
}

}  // namespace

std::string_view to_string(ClientAuthMethod method) {
  switch (method) {
    case ClientAuthMethod::none:
      return "none";
    case ClientAuthMethod::client_secret_basic:
      return "client_secret_basic";
    case ClientAuthMethod::client_secret_post:
      return "client_secret_post";
    case ClientAuthMethod::private_key_jwt:
      return "private_key_jwt";
  }
  return "none";
}

std::optional<ClientAuthMethod> parse_auth_method(std::string_view name) {
  for (const auto method :
       {ClientAuthMethod::none, ClientAuthMethod::client_secret_basic,
        ClientAuthMethod::client_secret_post, ClientAuthMethod::private_key_jwt}) {
    if (name == to_string(method)) return method;
  }
  return std::nullopt;
}

http::Request make_form_request(std::string_view endpoint, FormFields fields,
                                const ClientAuthentication& client) {
  http::Request request;
  request.method = "POST";
  request.target = endpoint;
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.headers.add("Accept", "application/json");  // GitHub answers in form encoding otherwise
  if (client.method == ClientAuthMethod::client_secret_basic) {
    request.headers.add("Authorization", basic_credentials(client));
  } else if (!client.client_id.empty()) {
    fields.emplace_back("client_id", client.client_id);
    if (client.method == ClientAuthMethod::client_secret_post)
      fields.emplace_back("client_secret", std::string(client.client_secret.reveal()));
  }
  request.body = form_encode(fields);
  return request;
}

http::Request make_code_request(std::string_view token_endpoint, std::string_view code,
                                const Secret& verifier, std::string_view redirect_uri,
                                std::string_view resource, const ClientAuthentication& client) {
  FormFields fields{{"grant_type", "authorization_code"},
                    {"code", std::string(code)},
                    {"redirect_uri", std::string(redirect_uri)},
                    {"code_verifier", std::string(verifier.reveal())}};
  if (!resource.empty()) fields.emplace_back("resource", std::string(resource));
  return make_form_request(token_endpoint, std::move(fields), client);
}

http::Request make_refresh_request(std::string_view token_endpoint, const Secret& refresh_token,
                                   std::string_view resource, const ClientAuthentication& client) {
  // No scope: absent means "as granted", and some servers refuse the parameter here.
  FormFields fields{{"grant_type", "refresh_token"},
                    {"refresh_token", std::string(refresh_token.reveal())}};
  if (!resource.empty()) fields.emplace_back("resource", std::string(resource));
  return make_form_request(token_endpoint, std::move(fields), client);
}

http::Request make_revocation_request(std::string_view revocation_endpoint, const Secret& token,
                                      std::string_view hint, const ClientAuthentication& client) {
  return make_form_request(
      revocation_endpoint,
      {{"token", std::string(token.reveal())}, {"token_type_hint", std::string(hint)}}, client);
}

Error oauth_error(const OAuthError& error, std::string_view who) {
  std::string detail = fmt::format("{} answered {}", who, quote_remote(error.error, 60));
  if (!error.error_description.empty()) detail += ": " + quote_remote(error.error_description);
  const std::string& name = error.error;
  if (name == "invalid_grant" || name == "invalid_refresh_token" || name == "token_expired" ||
      name == "bad_refresh_token" || name == "invalid_code" || name == "bad_verification_code") {
    // The names after the first are Slack's and GitHub's words for it.
    return {Errc::invalid_grant, std::move(detail), "sign in again"};
  }
  if (name == "invalid_client" || name == "unauthorized_client" || name == "invalid_client_id" ||
      name == "bad_client_secret" || name == "incorrect_client_credentials") {
    return {Errc::invalid_client, std::move(detail),
            "the authorization server does not accept our client; register it anew"};
  }
  if (name == "insufficient_scope") return {Errc::insufficient_scope, std::move(detail), {}};
  if (name == "temporarily_unavailable" || name == "server_error")
    return {Errc::server_error, std::move(detail), "try again later"};
  if (name == "slow_down" || name == "rate_limited" || name == "ratelimited")
    return {Errc::rate_limited, std::move(detail), "try again later"};
  return {Errc::rejected, std::move(detail), {}};
}

Error describe_failure(int status, std::string_view body, std::string_view who) {
  const std::optional<OAuthError> document = parse_error_document(body);
  if (status >= 500 || status == 429) {
    // An outage may dress up as any error; only the status is believed.
    std::string detail = fmt::format("{} answered HTTP {}", who, status);
    if (document) detail += ": " + quote_remote(document->error, 60);
    return {status == 429 ? Errc::rate_limited : Errc::server_error, std::move(detail),
            "try again later"};
  }
  if (document) return oauth_error(*document, who);
  std::string detail = fmt::format("{} answered HTTP {}", who, status);
  if (!body.empty()) detail += " " + quote_remote(body, 120);
  return {Errc::rejected, std::move(detail), {}};
}

}  // namespace gatehouse::oauth
