// Quirks of metadata and registration.
#include <boost/json.hpp>

#include "demo/quirky_front.hpp"

namespace gatehouse::demo {
namespace {

constexpr std::string_view kServerMetadata = "/.well-known/oauth-authorization-server";
constexpr std::string_view kOpenIdMetadata = "/.well-known/openid-configuration";

http::Response missing() {
  return {404, {{"Content-Type", "text/plain"}}, "not found\n"};
}

std::optional<boost::json::object> read(const http::Response& response) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(response.body, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::int64_t seconds_of(SystemTime at) {
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

}  // namespace

std::optional<http::Response> QuirkyFront::before_metadata(http::Request& request) {
  if (has(Quirk::no_metadata)) return missing();
  if (has(Quirk::openid_metadata)) {
    if (request.target == kServerMetadata) return missing();
    if (request.target == kOpenIdMetadata) request.target = kServerMetadata;
  }
  return std::nullopt;
}

std::optional<http::Response> QuirkyFront::before_registration() {
  if (has(Quirk::no_registration)) return missing();
  if (!has(Quirk::registration_403)) return std::nullopt;
  return http::Response{
      403,
      {{"Content-Type", "application/json"}},
      R"({"error":"access_denied","error_description":"this client is not on our list"})"};
}

void QuirkyFront::after_metadata(http::Response& response) {
  auto document = read(response);
  if (!document || !document->contains("token_endpoint")) return;
  if (has(Quirk::wrong_issuer)) (*document)["issuer"] = "https://login.example.com";
  if (has(Quirk::token_elsewhere)) (*document)["token_endpoint"] = origin_ + "/oauth/v2/exchange";
  if (has(Quirk::no_registration)) document->erase("registration_endpoint");
  if (has(Quirk::no_registration) || has(Quirk::registration_403)) {
    (*document)["client_id_metadata_document_supported"] = false;
  }
  if (has(Quirk::secret_methods_only) || has(Quirk::secret_expires)) {
    (*document)["token_endpoint_auth_methods_supported"] = {"client_secret_basic",
                                                            "client_secret_post"};
    (*document)["client_id_metadata_document_supported"] = false;
  }
  response.body = boost::json::serialize(*document);
}

void QuirkyFront::after_registration(http::Response& response) {
  if (!has(Quirk::secret_expires)) return;
  auto document = read(response);
  if (!document || !document->contains("client_secret")) return;
  const SystemTime end = clock_.now() + life_;
  (*document)["client_secret_expires_at"] = seconds_of(end);
  remember(secrets_end_at_, std::string(document->at("client_id").as_string()), end);
  response.body = boost::json::serialize(*document);
}

}  // namespace gatehouse::demo
