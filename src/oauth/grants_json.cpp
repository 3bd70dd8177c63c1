#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "oauth/grants.hpp"
#include "oauth/json_fields.hpp"

namespace gatehouse::oauth {

Result<Secret> parse_identity_exchange(int status, std::string_view body) {
  constexpr std::string_view kWho = "the identity provider";
  if (status < 200 || status > 299) return std::unexpected(describe_failure(status, body, kWho));
  if (const auto error = parse_error_document(body))
    return std::unexpected(oauth_error(*error, kWho));
  const auto document = parse_object(body, "the answer of the identity provider");
  if (!document) return fail(Errc::protocol, document.error().detail);
  const std::string type = string_member(*document, "issued_token_type");
  if (type != "urn:ietf:params:oauth:token-type:id-jag") {
    return fail(Errc::protocol,
                "the identity provider was asked for an identity assertion (ID-JAG) and issued " +
                    (type.empty() ? std::string("something that it does not name")
                                  : quote_remote(type, 80)));
  }
  Secret assertion(string_member(*document, "access_token"));
  if (assertion.empty())
    return fail(Errc::protocol, "the identity provider answered without an identity assertion");
  return assertion;
}

std::optional<SystemTime> jwt_expiry(std::string_view jwt) {
  constexpr std::int64_t kFarthest = 253402300799;  // the year 9999
  const std::size_t first = jwt.find('.');
  const std::size_t second = first == std::string_view::npos ? first : jwt.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto claims = base64url_decode(jwt.substr(first + 1, second - first - 1));
  if (!claims) return std::nullopt;
  const auto document = parse_object(*claims, "the claims");
  if (!document) return std::nullopt;
  const auto end = count_member(*document, "exp", kFarthest);
  if (!end) return std::nullopt;
  return SystemTime(std::chrono::seconds(*end));
}

}  // namespace gatehouse::oauth
