#include "jsonrpc/json.hpp"
#include "oauth/device.hpp"
#include "oauth/grants.hpp"
#include "oauth_server/endpoints.hpp"

namespace gatehouse::oauth_server {
namespace {

void append_array(std::string& out, std::string_view name,
                  std::span<const std::string_view> values) {
  out.append(",\"").append(name).append("\":[");
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i != 0) out += ',';
    jsonrpc::append_quoted(out, values[i]);
  }
  out += ']';
}

void append_url(std::string& out, std::string_view name, const std::string& url) {
  out.append(",\"").append(name).append("\":");
  jsonrpc::append_quoted(out, url);
}

}  // namespace

std::string endpoint_url(const Settings& settings, std::string_view path) {
  std::string_view base = settings.issuer;
  if (base.ends_with('/')) base.remove_suffix(1);
  return std::string(base).append(path);
}

http::Response answer_metadata(const Context& context) {
  const Settings& settings = context.settings;
  std::string out = "{\"issuer\":" + jsonrpc::quote(settings.issuer);
  append_url(out, "authorization_endpoint", endpoint_url(settings, "/authorize"));
  append_url(out, "token_endpoint", endpoint_url(settings, "/token"));
  append_url(out, "registration_endpoint", endpoint_url(settings, "/register"));
  append_url(out, "revocation_endpoint", endpoint_url(settings, "/revoke"));
  std::vector<std::string_view> scopes;
  for (const ScopeInfo& scope : settings.scopes) scopes.push_back(scope.name);
  append_array(out, "scopes_supported", scopes);
  constexpr std::array<std::string_view, 1> kCode{"code"};
  constexpr std::array<std::string_view, 1> kQuery{"query"};
  std::vector<std::string_view> grants{"authorization_code", "refresh_token"};
  if (settings.device_logins == DeviceLogins::on) {
    append_url(out, "device_authorization_endpoint",
               endpoint_url(settings, "/device_authorization"));
    grants.push_back(oauth::kDeviceGrant);
  }
  if (!settings.machines.empty()) grants.push_back(oauth::kClientCredentialsGrant);
  constexpr std::array<std::string_view, 3> kMethods{"none", "client_secret_basic",
                                                     "client_secret_post"};
  constexpr std::array<std::string_view, 1> kChallenges{"S256"};
  append_array(out, "response_types_supported", kCode);
  append_array(out, "response_modes_supported", kQuery);
  append_array(out, "grant_types_supported", grants);
  append_array(out, "token_endpoint_auth_methods_supported", kMethods);
  append_array(out, "revocation_endpoint_auth_methods_supported", kMethods);
  append_array(out, "code_challenge_methods_supported", kChallenges);
  out += ",\"authorization_response_iss_parameter_supported\":true";
  out += ",\"client_id_metadata_document_supported\":";
  out += context.http != nullptr ? "true}" : "false}";
  http::Response response = json_answer(200, std::move(out));
  response.headers.set("Cache-Control", "max-age=60");
  return response;
}

}  // namespace gatehouse::oauth_server
