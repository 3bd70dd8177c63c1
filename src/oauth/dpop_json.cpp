#include <boost/json.hpp>

#include <algorithm>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "http/url.hpp"
#include "oauth/dpop.hpp"
#include "oauth/token.hpp"

namespace gatehouse::oauth {
namespace {

constexpr std::size_t kNonceBytes = 512;

// RFC 6749 appendix A: NQCHAR, what RFC 9449 §8.1 allows in a nonce.
bool is_nonce(std::string_view text) {
  return !text.empty() && text.size() <= kNonceBytes && std::ranges::all_of(text, [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
  });
}

std::string origin_of(std::string_view url) {
  const auto parsed = http::Url::parse(url);
  return parsed ? parsed->origin() : std::string(url);
}

}  // namespace

Result<std::string> make_dpop_proof(const JoseKey& key, const DpopClaims& claims) {
  const auto url = http::Url::parse(claims.url, "the address to prove");
  if (!url) return std::unexpected(url.error());
  const auto issued_at = std::chrono::floor<std::chrono::seconds>(claims.now).time_since_epoch();
  boost::json::object payload{{"jti", random_token(16)},
                              {"htm", claims.method},
                              {"htu", url->origin() + url->path()},
                              {"iat", issued_at.count()}};
  if (!claims.access_token.empty()) payload["ath"] = base64url_encode(sha256(claims.access_token));
  if (!claims.nonce.empty()) payload["nonce"] = claims.nonce;
  return sign_jws(key, {.type = "dpop+jwt", .with_key = true}, boost::json::serialize(payload));
}

std::optional<std::string> find_dpop_nonce(const http::Headers& headers) {
  const auto value = headers.find("DPoP-Nonce");
  if (!value || !is_nonce(*value)) return std::nullopt;
  return std::string(*value);
}

bool wants_dpop_nonce(int status, std::string_view body) {
  if (status != 400 && status != 401) return false;
  const auto error = parse_error_document(body);
  return error && error->error == "use_dpop_nonce";
}

bool wants_dpop_nonce(int status, std::span<const std::string_view> challenges) {
  if (status != 401) return false;
  for (const Challenge& challenge : parse_challenges(challenges)) {
    if (challenge.scheme != "dpop") continue;
    const auto error = challenge.find("error");
    if (!error || *error == "use_dpop_nonce") return true;
  }
  return false;
}

bool challenges_for_dpop(std::span<const Challenge> challenges) {
  return std::ranges::any_of(challenges, [](const Challenge& one) { return one.scheme == "dpop"; });
}

std::string DpopNonces::find(std::string_view url) const {
  const auto found = nonces_.find(origin_of(url));
  return found == nonces_.end() ? std::string() : found->second;
}

void DpopNonces::remember(std::string_view url, std::string nonce) {
  if (nonces_.size() >= kMost) nonces_.clear();
  nonces_.insert_or_assign(origin_of(url), std::move(nonce));
}

}  // namespace gatehouse::oauth
