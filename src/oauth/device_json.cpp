#include <boost/json.hpp>

#include "oauth/authorization.hpp"
#include "oauth/device.hpp"
#include "oauth/json_fields.hpp"

namespace gatehouse::oauth {
namespace {

constexpr std::string_view kWho = "the device authorization endpoint";
constexpr std::size_t kUserCodeBytes = 128;  // it is to be typed

std::string first_string(const boost::json::object& document, std::string_view name,
                         std::string_view other) {
  std::string value = string_member(document, name);
  return value.empty() ? string_member(document, other) : value;
}

}  // namespace

Result<DeviceAuthorization> parse_device_authorization(int status, std::string_view body) {
  if (status < 200 || status > 299) return std::unexpected(describe_failure(status, body, kWho));
  if (const auto error = parse_error_document(body))
    return std::unexpected(oauth_error(*error, kWho));
  const auto document = parse_object(body, "the answer of the device authorization endpoint");
  if (!document) return fail(Errc::protocol, document.error().detail);
  // Google says verification_url.
  DeviceAuthorization out{
      .device_code = Secret(string_member(*document, "device_code")),
      .user_code = string_member(*document, "user_code"),
      .verification_uri = first_string(*document, "verification_uri", "verification_url"),
      .verification_uri_complete =
          first_string(*document, "verification_uri_complete", "verification_url_complete")};
  const auto missing = [](std::string_view name) {
    return fail(Errc::protocol,
                std::string(kWho) + " answered without `" + std::string(name) + "`");
  };
  if (out.device_code.empty()) return missing("device_code");
  if (out.user_code.empty()) return missing("user_code");
  if (out.verification_uri.empty()) return missing("verification_uri");
  if (out.user_code.size() > kUserCodeBytes)
    return fail(Errc::protocol, std::string(kWho) + " answered a code too long to be typed: " +
                                    quote_remote(out.user_code, 60));
  if (const auto checked = check_endpoint(out.verification_uri, "the verification URI"); !checked)
    return std::unexpected(checked.error());
  if (!out.verification_uri_complete.empty() &&
      !check_endpoint(out.verification_uri_complete, "the verification URI"))
    out.verification_uri_complete.clear();
  const auto life = count_member(*document, "expires_in", kLongestDeviceCodeLife.count());
  out.expires_in = life && *life > 0 ? std::chrono::seconds(*life) : kDeviceCodeLife;
  if (const auto given = count_member(*document, "interval", kLongestPollInterval.count()))
    out.interval = std::max(kShortestPollInterval, std::chrono::seconds(*given));
  return out;
}

}  // namespace gatehouse::oauth
