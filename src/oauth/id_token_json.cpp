#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "oauth/id_token.hpp"
#include "oauth/jose.hpp"
#include "oauth/json_fields.hpp"

namespace gatehouse::oauth {
namespace {

namespace json = boost::json;

// Year 9999: larger ones do not fit a time.
constexpr std::int64_t kLatest = 253'402'300'799;

/// Seconds since 1970 (RFC 7519 §2 NumericDate), fractions cut.
std::optional<SystemTime> date_member(const json::object& claims, const char* name) {
  const json::value* value = claims.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double number = value->to_number<double>();
  if (!std::isfinite(number) || number < 0) return std::nullopt;
  const auto seconds =
      number >= static_cast<double>(kLatest) ? kLatest : static_cast<std::int64_t>(number);
  return SystemTime(std::chrono::seconds(seconds));
}

std::vector<std::string> audiences(const json::object& claims) {
  if (auto list = strings_member(claims, "aud")) return std::move(*list);
  const std::string one = string_member(claims, "aud");
  return one.empty() ? std::vector<std::string>{} : std::vector<std::string>{one};
}

std::unexpected<Error> wrong(std::string_view what) {
  return fail(Errc::policy, "the ID token is not acceptable: " + std::string(what));
}

Result<void> check_signature(std::string_view token, std::string_view jwks, Result<Jws>& parsed) {
  parsed = parse_jws(token);
  if (!parsed) return std::unexpected(parsed.error());
  const auto keys = parse_jwks(jwks);
  if (!keys) return std::unexpected(keys.error());
  bool tried = false;
  for (const PublishedKey& one : *keys) {
    const bool named = parsed->key_id.empty() || one.key_id == parsed->key_id;
    if (!named || one.key.algorithm() != parsed->algorithm) continue;
    tried = true;
    if (verify_jws(*parsed, one.key)) return {};
  }
  if (tried) return wrong("its signature is wrong");
  return fail(Errc::not_found,
              "the ID token is signed with a key that the issuer does not publish");
}

Result<void> check_claims(const json::object& claims, const IdTokenExpectation& expected) {
  if (string_member(claims, "iss") != expected.issuer)
    return wrong("`iss` is " + quote_remote(string_member(claims, "iss"), 120));
  const std::vector<std::string> audience = audiences(claims);
  if (std::ranges::find(audience, expected.client_id) == audience.end())
    return wrong("`aud` does not name this client");
  const std::string party = string_member(claims, "azp");
  if (party.empty() ? audience.size() > 1 : party != expected.client_id)
    return wrong("`azp` does not name this client");
  const auto expires_at = date_member(claims, "exp");
  const auto issued_at = date_member(claims, "iat");
  if (!expires_at || !issued_at) return fail(Errc::parse, "the ID token has no `exp` or no `iat`");
  if (expected.now >= *expires_at + expected.skew) return wrong("it has expired (`exp`)");
  if (*issued_at > expected.now + expected.skew)
    return wrong("it is from the future (`iat`); check the clock of this machine");
  if (const auto from = date_member(claims, "nbf"); from && *from > expected.now + expected.skew)
    return wrong("it is not valid yet (`nbf`)");
  if (!expected.nonce.empty() && string_member(claims, "nonce") != expected.nonce)
    return wrong("`nonce` is not the one of this login");
  if (string_member(claims, "sub").empty()) return fail(Errc::parse, "the ID token has no `sub`");
  return {};
}

}  // namespace

Result<IdToken> verify_id_token(std::string_view token, std::string_view jwks,
                                const IdTokenExpectation& expected) {
  Result<Jws> jws = fail(Errc::bug, "not parsed");
  if (const auto checked = check_signature(token, jwks, jws); !checked)
    return std::unexpected(checked.error());
  const auto claims = parse_object(jws->payload, "the ID token's claims");
  if (!claims) return std::unexpected(claims.error());
  if (const auto checked = check_claims(*claims, expected); !checked)
    return std::unexpected(checked.error());
  IdToken verified{.subject = string_member(*claims, "sub"),
                   .expires_at = *date_member(*claims, "exp")};
  for (const char* name : {"email", "preferred_username", "name", "sub"}) {
    verified.display = string_member(*claims, name);
    if (!verified.display.empty()) break;
  }
  return verified;
}

}  // namespace gatehouse::oauth
