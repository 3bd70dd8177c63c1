#include "oauth/device.hpp"

namespace gatehouse::oauth {

http::Request make_device_authorization_request(std::string_view endpoint, std::string_view scope,
                                                std::string_view resource,
                                                const ClientAuthentication& client) {
  FormFields fields;
  if (!scope.empty()) fields.emplace_back("scope", std::string(scope));
  if (!resource.empty()) fields.emplace_back("resource", std::string(resource));
  return make_form_request(endpoint, std::move(fields), client);
}

http::Request make_device_token_request(std::string_view token_endpoint, const Secret& device_code,
                                        std::string_view resource,
                                        const ClientAuthentication& client) {
  FormFields fields{{"grant_type", std::string(kDeviceGrant)},
                    {"device_code", std::string(device_code.reveal())}};
  if (!resource.empty()) fields.emplace_back("resource", std::string(resource));
  return make_form_request(token_endpoint, std::move(fields), client);
}

DeviceAnswer judge_device_answer(int status, std::string_view body) {
  // An outage may dress up as any error; only the status is believed.
  if (status == 429) return DeviceAnswer::slow_down;
  if (status >= 500) return DeviceAnswer::unable;
  const auto document = parse_error_document(body);
  if (!document) {
    if (status < 200 || status > 299) return DeviceAnswer::refused;
    // Who stands between, as a captive portal does, says nothing about the login.
    const auto response = parse_token_response(status, body);
    const bool no_tokens = !response && response.error().code == Errc::protocol;
    return no_tokens ? DeviceAnswer::unable : DeviceAnswer::tokens;
  }
  const std::string& error = document->error;
  if (error == "authorization_pending") return DeviceAnswer::pending;
  if (error == "slow_down") return DeviceAnswer::slow_down;
  // The second names are Microsoft's.
  if (error == "access_denied" || error == "authorization_declined") return DeviceAnswer::denied;
  if (error == "expired_token" || error == "code_expired") return DeviceAnswer::expired;
  if (error == "temporarily_unavailable" || error == "server_error") return DeviceAnswer::unable;
  return DeviceAnswer::refused;
}

}  // namespace gatehouse::oauth
