// The device authorization grant (RFC 8628): request and answer of the device authorization
// endpoint, and what the token endpoint says to a poll. Pure; answers are read by shape (GitHub
// answers errors with 200, Microsoft and Google have words of their own).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "http/message.hpp"
#include "oauth/token.hpp"

namespace gatehouse::oauth {

inline constexpr std::string_view kDeviceGrant = "urn:ietf:params:oauth:grant-type:device_code";

struct DeviceAuthorization {
  Secret device_code;
  std::string user_code;                  ///< remote text
  std::string verification_uri;           ///< https, or http on loopback
  std::string verification_uri_complete;  ///< the same; empty when absent or not of that kind
  std::chrono::seconds expires_in{0};
  std::chrono::seconds interval{5};  ///< between polls; 5 when the server says none
};

/// What a code lives where the server says nothing, and the longest life we believe.
inline constexpr std::chrono::seconds kDeviceCodeLife = std::chrono::minutes(10);
inline constexpr std::chrono::seconds kLongestDeviceCodeLife = std::chrono::hours(1);
/// Between two polls, whatever the server says.
inline constexpr std::chrono::seconds kShortestPollInterval{1};
inline constexpr std::chrono::seconds kLongestPollInterval{60};

/// RFC 8628 §3.1, with `resource` (RFC 8707). Empty: the parameter is omitted.
http::Request make_device_authorization_request(std::string_view endpoint, std::string_view scope,
                                                std::string_view resource,
                                                const ClientAuthentication& client);
/// RFC 8628 §3.2. Errors: those of describe_failure() and of an error document whatever the status;
/// protocol when a required member is missing; policy when the verification URI is neither https
/// nor http on loopback.
Result<DeviceAuthorization> parse_device_authorization(int status, std::string_view body);

/// RFC 8628 §3.4.
http::Request make_device_token_request(std::string_view token_endpoint, const Secret& device_code,
                                        std::string_view resource,
                                        const ClientAuthentication& client);

/// What an answer to a poll means (RFC 8628 §3.5), whatever its status.
enum class DeviceAnswer {
  tokens,     ///< or something that must be read as such: parse_token_response() decides
  pending,    ///< the person has not decided
  slow_down,  ///< also 429: poll less often from now on
  unable,     ///< 5xx, or a success without tokens: says nothing about the login
  denied,     ///< the person said no
  expired,    ///< the code has ended
  refused,    ///< any other refusal: final
};
DeviceAnswer judge_device_answer(int status, std::string_view body);

}  // namespace gatehouse::oauth
