// The part of TokenSource that proves possession to the servers that are called (RFC 9449 §7, §9).
#include "oauth_client/token_source.hpp"

namespace gatehouse::oauth_client {

std::optional<oauth::JoseKey> proof_key(const vault::Credential& credential) {
  if (credential.tokens.token_type != "DPoP") return std::nullopt;
  // Without its key the token is sent as it is: the server refuses it, and that leads to a sign-in.
  auto key = oauth::JoseKey::from_pem(credential.dpop_key);
  if (!key) return std::nullopt;
  return std::move(*key);
}

Result<std::string> TokenSource::make_proof(const AccessToken& token, std::string_view method,
                                            std::string_view url) const {
  if (!token.key) return fail(Errc::bug, "a proof for a token that needs none");
  const std::string nonce = nonces_.find(url);
  return oauth::make_dpop_proof(*token.key, {.method = method,
                                             .url = url,
                                             .access_token = token.value.reveal(),
                                             .nonce = nonce,
                                             .now = clock_.now()});
}

bool TokenSource::on_proved(std::string_view url, int status, const http::Headers& headers) {
  auto nonce = oauth::find_dpop_nonce(headers);
  if (!nonce) return false;
  nonces_.remember(url, std::move(*nonce));
  const std::vector<std::string_view> challenges = headers.find_all("WWW-Authenticate");
  return oauth::wants_dpop_nonce(status, std::span<const std::string_view>(challenges));
}

}  // namespace gatehouse::oauth_client
