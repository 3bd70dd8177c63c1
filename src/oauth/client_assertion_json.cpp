#include <boost/json.hpp>

#include "base/random.hpp"
#include "oauth/client_assertion.hpp"

namespace gatehouse::oauth {

Result<Secret> make_client_assertion(const ClientAuthentication& client, SystemTime now) {
  if (!client.key)
    return fail(Errc::invalid_argument, "private_key_jwt needs a private key and there is none");
  const auto issued_at = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
  const boost::json::object claims{
      {"iss", client.client_id},  {"sub", client.client_id},
      {"aud", client.audience},   {"jti", random_token(16)},
      {"iat", issued_at.count()}, {"exp", (issued_at + kAssertionLife).count()},
  };
  auto token = sign_jws(*client.key, {.type = "JWT", .key_id = client.key_id},
                        boost::json::serialize(claims));
  if (!token) return std::unexpected(token.error());
  return Secret(std::move(*token));
}

Result<void> authenticate(http::Request& request, const ClientAuthentication& client,
                          SystemTime now) {
  if (client.method != ClientAuthMethod::private_key_jwt) return {};
  const Result<Secret> assertion = make_client_assertion(client, now);
  if (!assertion) return std::unexpected(assertion.error());
  request.body += "&" + form_encode({{"client_assertion_type",
                                      "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                                     {"client_assertion", std::string(assertion->reveal())}});
  return {};
}

}  // namespace gatehouse::oauth
