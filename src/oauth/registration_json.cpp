#include <boost/json.hpp>

#include "oauth/device.hpp"
#include "oauth/json_fields.hpp"
#include "oauth/registration.hpp"

namespace gatehouse::oauth {
namespace {

constexpr std::string_view kWho = "the registration endpoint";

boost::json::array array_of(const std::vector<std::string>& strings) {
  boost::json::array array;
  for (const std::string& text : strings) array.emplace_back(text);
  return array;
}

}  // namespace

http::Request make_registration_request(std::string_view registration_endpoint,
                                        const ClientMetadata& client) {
  boost::json::object document;
  document["client_name"] = client.client_name;
  if (!client.client_uri.empty()) document["client_uri"] = client.client_uri;
  document["redirect_uris"] = array_of(client.redirect_uris);
  std::vector<std::string> grants{"authorization_code", "refresh_token"};
  if (client.device_grant) grants.emplace_back(kDeviceGrant);
  document["grant_types"] = array_of(grants);
  document["response_types"] = array_of({"code"});
  const std::string_view method = to_string(client.auth_method);
  document["token_endpoint_auth_method"] = boost::json::string(method.data(), method.size());
  const std::string_view type = application_type(client.redirect_uris);
  document["application_type"] = boost::json::string(type.data(), type.size());
  if (!client.scope.empty()) document["scope"] = client.scope;
  http::Request request;
  request.method = "POST";
  request.target = registration_endpoint;
  request.headers.add("Content-Type", "application/json");
  request.headers.add("Accept", "application/json");
  request.body = boost::json::serialize(document);
  return request;
}

Result<RegistrationResponse> parse_registration_response(int status, std::string_view body) {
  if (status < 200 || status > 299) {
    Error error = describe_failure(status, body, kWho);
    if (error.code != Errc::server_error && error.code != Errc::rate_limited) {
      error.code = Errc::rejected;
      error.hint =
          "register a client with the provider by hand and give its client id to this connection";
    }
    return std::unexpected(std::move(error));
  }
  const auto document = parse_object(body, "the answer of the registration endpoint");
  if (!document) return fail(Errc::protocol, document.error().detail);
  RegistrationResponse response{
      .client_id = string_member(*document, "client_id"),
      .client_secret = Secret(string_member(*document, "client_secret")),
      .auth_method = string_member(*document, "token_endpoint_auth_method"),
      .redirect_uris =
          strings_member(*document, "redirect_uris").value_or(std::vector<std::string>{}),
      .registration_client_uri = string_member(*document, "registration_client_uri"),
      .registration_access_token = Secret(string_member(*document, "registration_access_token")),
  };
  if (response.client_id.empty()) {
    if (const auto error = parse_error_document(body)) {
      Error refused = oauth_error(*error, kWho);
      refused.code = Errc::rejected;
      return std::unexpected(std::move(refused));
    }
    return fail(Errc::protocol, "the registration endpoint answered without a client id");
  }
  // 0 means "never" (RFC 7591 §3.2.1).
  const auto expires =
      count_member(*document, "client_secret_expires_at", std::int64_t{4'000'000'000});
  if (expires && *expires > 0) response.secret_expires_at = *expires;
  return response;
}

}  // namespace gatehouse::oauth
