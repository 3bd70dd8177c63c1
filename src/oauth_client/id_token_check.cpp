#include "oauth_client/id_token_check.hpp"

#include "oauth/authorization.hpp"
#include "oauth_client/discovery.hpp"

namespace gatehouse::oauth_client {
namespace {

Task<Result<std::string>> fetch_keys(const vault::Connection& provider, std::string url,
                                     http::Client& client) {
  if (const auto checked = oauth::check_endpoint(url, "the address of its keys"); !checked)
    co_return std::unexpected(checked.error());
  http::Request request;
  request.target = url;
  request.headers.add("Accept", "application/json");
  const http::SendOptions options{.purpose = http::Purpose::authorization_server,
                                  .allowances = provider.allowances,
                                  .redirects = http::Redirects::follow};
  auto reply = co_await client.send(std::move(request), options);
  if (!reply) co_return std::unexpected(reply.error());
  if (reply->status != 200) {
    co_return fail(reply->status >= 500 ? Errc::server_error : Errc::protocol,
                   "the keys at " + quote_remote(url) + " were answered with HTTP " +
                       std::to_string(reply->status));
  }
  co_return std::move(reply->body);
}

}  // namespace

Task<Result<oauth::IdToken>> check_id_token(IdTokenQuestion question, http::Client& client,
                                            const Clock& clock) {
  const std::string& name = question.provider.name;
  if (question.token.empty()) {
    co_return fail(Errc::protocol, "the provider gave no ID token, so that nobody is named",
                   "its client for gatehouse must be allowed the scope openid");
  }
  const auto discovery = co_await discover(discovery_request(question.provider), client);
  if (!discovery) co_return std::unexpected(discovery.error());
  const auto server = require_server(*discovery);
  if (!server) co_return std::unexpected(server.error());
  const auto keys = co_await fetch_keys(question.provider, server->jwks_uri, client);
  if (!keys) co_return std::unexpected(keys.error());
  auto token = oauth::verify_id_token(question.token.reveal(), *keys,
                                      {.issuer = server->issuer,
                                       .client_id = question.client_id,
                                       .nonce = question.nonce,
                                       .now = clock.now()});
  if (token) co_return token;
  co_return fail(token.error().code == Errc::not_found ? Errc::policy : token.error().code,
                 "the ID token of " + name + " was not accepted: " + token.error().detail,
                 "sign in again: gatehouse login " + name);
}

}  // namespace gatehouse::oauth_client
