#include "oauth_client/revocation.hpp"

#include <fmt/format.h>

#include "oauth/authorization.hpp"
#include "oauth_client/token_request.hpp"

namespace gatehouse::oauth_client {

Task<RevocationReport> revoke(vault::TokenSet tokens, std::string revocation_endpoint,
                              oauth::ClientAuthentication client_auth,
                              std::vector<http::Allowance> allowances, http::Client& client,
                              const Clock& clock) {
  const bool refresh = !tokens.refresh_token.empty();
  const Secret& token = refresh ? tokens.refresh_token : tokens.access_token;
  if (token.empty()) co_return RevocationReport{Revoked::nothing, "there were no tokens"};
  if (revocation_endpoint.empty()) {
    co_return RevocationReport{Revoked::unsupported,
                               "the provider has no revocation endpoint; the tokens were forgotten "
                               "here and live there until they expire"};
  }
  if (const auto checked = oauth::check_endpoint(revocation_endpoint, "the revocation endpoint");
      !checked) {
    co_return RevocationReport{Revoked::failed, checked.error().detail};
  }
  http::Request request = oauth::make_revocation_request(
      revocation_endpoint, token, refresh ? "refresh_token" : "access_token", client_auth);
  TokenRequest order{.request = std::move(request),
                     .client = std::move(client_auth),
                     .key = {},
                     .allowances = std::move(allowances),
                     .timeout = limits::kDiscoveryTimeout};
  oauth::DpopNonces nonces;
  const Result<http::Reply> reply =
      co_await send_token_request(std::move(order), client, clock, nonces);
  if (!reply) co_return RevocationReport{Revoked::failed, describe(reply.error())};
  // RFC 7009 §2.2: 200 also for tokens that were invalid already.
  if (reply->status == 200)
    co_return RevocationReport{Revoked::yes, "the provider revoked the tokens"};
  co_return RevocationReport{
      Revoked::failed,
      fmt::format("the revocation endpoint answered HTTP {}; the tokens were forgotten here and "
                  "live there until they expire",
                  reply->status)};
}

}  // namespace gatehouse::oauth_client
