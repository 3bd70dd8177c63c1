#include "oauth_client/token_request.hpp"

#include <algorithm>

#include "oauth/client_assertion.hpp"
#include "oauth/token_retry.hpp"

namespace gatehouse::oauth_client {
namespace {

using std::chrono::milliseconds;

/// What may change from one try to the next; each change happens once.
struct Tries {
  std::string nonce;
  bool has_new_nonce = false;
  bool as_json = false;
  bool with_less = false;
};

/// The request as it is sent once.
Result<http::Request> complete(const TokenRequest& order, const Tries& tries, SystemTime now) {
  http::Request request = order.request;
  const Result<void> signed_in = oauth::authenticate(request, order.client, now);
  if (!signed_in) return std::unexpected(signed_in.error());
  if (tries.as_json) request = oauth::as_json_request(std::move(request));
  if (order.key) {
    const auto proof = oauth::make_dpop_proof(
        *order.key,
        {.method = request.method, .url = request.target, .nonce = tries.nonce, .now = now});
    if (!proof) return std::unexpected(proof.error());
    request.headers.set("DPoP", *proof);
  }
  return request;
}

/// The server wants another nonce, and this is it.
bool take_nonce(const TokenRequest& order, Tries& tries, const http::Reply& reply,
                oauth::DpopNonces& nonces) {
  if (!order.key) return false;
  auto given = oauth::find_dpop_nonce(reply.headers);
  if (!given) return false;
  nonces.remember(order.request.target, *given);
  const bool again = !tries.has_new_nonce && *given != tries.nonce &&
                     oauth::wants_dpop_nonce(reply.status, reply.body);
  tries.nonce = std::move(*given);
  tries.has_new_nonce = tries.has_new_nonce || again;
  return again;
}

/// The server refuses the form of the request, which consumed nothing.
bool change_form(TokenRequest& order, Tries& tries, const http::Reply& reply) {
  using oauth::TokenRetry;
  const TokenRetry retry = oauth::judge_refusal(order.request, reply.status, reply.body);
  if (retry == TokenRetry::none) return false;
  if (retry == TokenRetry::as_json) return !std::exchange(tries.as_json, true);
  if (std::exchange(tries.with_less, true)) return false;
  order.request = oauth::without_parameter(
      std::move(order.request), retry == TokenRetry::without_scope ? "scope" : "resource");
  return true;
}

}  // namespace

Task<Result<http::Reply>> send_token_request(TokenRequest order, http::Client& client,
                                             const Clock& clock, oauth::DpopNonces& nonces) {
  const SteadyTime end = clock.steady_now() + order.timeout;
  Tries tries;
  if (order.key) tries.nonce = nonces.find(order.request.target);
  http::SendOptions options{.purpose = http::Purpose::authorization_server,
                            .allowances = order.allowances,
                            .timeout = order.timeout};
  while (true) {
    auto request = complete(order, tries, clock.now());
    if (!request) co_return std::unexpected(request.error());
    Result<http::Reply> reply = co_await client.send(std::move(*request), options);
    if (!reply) co_return reply;
    options.timeout = std::chrono::duration_cast<milliseconds>(end - clock.steady_now());
    const bool again =
        take_nonce(order, tries, *reply, nonces) || change_form(order, tries, *reply);
    if (!again || options.timeout <= milliseconds(0)) co_return reply;
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
