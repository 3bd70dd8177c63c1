#include "oauth_client/token_request.hpp"

#include <algorithm>

#include "oauth/client_assertion.hpp"

namespace gatehouse::oauth_client {
namespace {

using std::chrono::milliseconds;

/// The request as it is sent once.
Result<http::Request> complete(const TokenRequest& order, std::string_view nonce, SystemTime now) {
  http::Request request = order.request;
  const Result<void> signed_in = oauth::authenticate(request, order.client, now);
  if (!signed_in) return std::unexpected(signed_in.error());
  if (order.key) {
    const auto proof = oauth::make_dpop_proof(
        *order.key, {.method = request.method, .url = request.target, .nonce = nonce, .now = now});
    if (!proof) return std::unexpected(proof.error());
    request.headers.set("DPoP", *proof);
  }
  return request;
}

}  // namespace

Task<Result<http::Reply>> send_token_request(TokenRequest order, http::Client& client,
                                             const Clock& clock, oauth::DpopNonces& nonces) {
  const SteadyTime end = clock.steady_now() + order.timeout;
  const std::string url = order.request.target;
  std::string nonce = order.key ? nonces.find(url) : std::string();
  http::SendOptions options{.purpose = http::Purpose::authorization_server,
                            .allowances = order.allowances,
                            .timeout = order.timeout};
  for (bool repeated = false;; repeated = true) {
    auto request = complete(order, nonce, clock.now());
    if (!request) co_return std::unexpected(request.error());
    Result<http::Reply> reply = co_await client.send(std::move(*request), options);
    if (!reply || !order.key) co_return reply;
    auto given = oauth::find_dpop_nonce(reply->headers);
    if (!given) co_return reply;
    nonces.remember(url, *given);
    options.timeout = std::chrono::duration_cast<milliseconds>(end - clock.steady_now());
    const bool again = !repeated && options.timeout > milliseconds(0) && *given != nonce &&
                       oauth::wants_dpop_nonce(reply->status, reply->body);
    if (!again) co_return reply;
    nonce = std::move(*given);
  }
}

Result<bool> wants_proof(vault::Dpop setting, const Discovery& discovery) {
  if (setting == vault::Dpop::never || !discovery.server) return false;
  const std::vector<std::string>& offered = discovery.server->dpop_signing_alg_values_supported;
  const bool able = std::ranges::find(offered, "ES256") != offered.end();
  if (setting == vault::Dpop::required) {
    // Servers need not announce it; what they answer decides then.
    if (able || offered.empty()) return true;
    return fail(Errc::unsupported,
                "the authorization server " + quote_remote(discovery.server->issuer) +
                    " takes no DPoP proofs signed with ES256",
                "without --dpop required the login works with ordinary tokens");
  }
  const bool demanded =
      discovery.resource_metadata && discovery.resource_metadata->dpop_bound_access_tokens_required;
  return (able && demanded) || (discovery.challenged_for_dpop && (able || offered.empty()));
}

Result<void> check_bound(vault::Dpop setting, const oauth::TokenResponse& response) {
  if (setting != vault::Dpop::required || oauth::token_scheme(response) == "DPoP") return {};
  return fail(Errc::unsupported,
              "this connection requires DPoP, and the authorization server issued a token that "
              "anybody could use",
              "without --dpop required such tokens are accepted");
}

}  // namespace gatehouse::oauth_client
