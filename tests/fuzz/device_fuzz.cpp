// Any bytes as answers of device authorization endpoints, of polls and of identity exchanges, under
// several statuses: links that are accepted may be opened, times are bounded, and an outage decides
// nothing.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "oauth/authorization.hpp"
#include "oauth/device.hpp"
#include "oauth/grants.hpp"

namespace {

using namespace gatehouse;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_device(const oauth::DeviceAuthorization& device) {
  require(!device.device_code.empty() && !device.user_code.empty());
  require(oauth::check_endpoint(device.verification_uri, "the link").has_value());
  require(device.verification_uri_complete.empty() ||
          oauth::check_endpoint(device.verification_uri_complete, "the link").has_value());
  require(device.expires_in.count() > 0 && device.expires_in <= oauth::kLongestDeviceCodeLife);
  require(device.interval >= oauth::kShortestPollInterval &&
          device.interval <= oauth::kLongestPollInterval);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const int status : {200, 400, 503}) {
    if (const auto device = oauth::parse_device_authorization(status, body)) {
      require(status == 200);
      check_device(*device);
    }
    const auto answer = oauth::judge_device_answer(status, body);
    require((status == 503) <= (answer == oauth::DeviceAnswer::unable));
    require(answer != oauth::DeviceAnswer::tokens || status == 200);
    const auto assertion = oauth::parse_identity_exchange(status, body);
    if (assertion) require(status == 200 && !assertion->empty());
    if (!assertion) require(assertion.error().detail.size() < 4096);
  }
  (void)oauth::jwt_expiry(body);
  return 0;
}
