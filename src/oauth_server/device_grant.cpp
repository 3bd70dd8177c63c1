// grant_type=…:device_code (RFC 8628 §3.4, §3.5).
#include "base/random.hpp"
#include "oauth/device.hpp"
#include "oauth_server/endpoints.hpp"
#include "oauth_server/token_pair.hpp"

namespace gatehouse::oauth_server {
namespace {

using Poll = PendingDevices::Poll;

class DeviceGrant final : public Grant {
 public:
  DeviceGrant(Context& context, PendingDevices& devices) : context_(context), devices_(devices) {}

  std::string_view type() const override { return oauth::kDeviceGrant; }

  Task<Outcome<std::string>> issue(const Client& client, const Parameters& form) override {
    if (!form.has("device_code")) co_return refuse("invalid_request", "device_code is missing");
    PendingDevice device;
    switch (
        devices_.poll(hash_of(form.get("device_code")), client.id, context_.clock.now(), device)) {
      case Poll::pending:
        co_return refuse("authorization_pending", "the person has not decided yet");
      case Poll::slow_down:
        co_return refuse("slow_down", "ask less often");
      case Poll::denied:
        co_return refuse("access_denied", "the person did not agree");
      case Poll::expired:
        co_return refuse("expired_token", "the code has ended");
      case Poll::unknown:
        co_return refuse("invalid_grant", "the device code is unknown or was used");
      case Poll::allowed:
        break;
    }
    if (form.has("resource") && form.get("resource") != device.resource)
      co_return refuse("invalid_target", "resource differs from the device authorization request");
    const Permission permission{"grant_" + random_token(16), client.id, device.subject,
                                device.scope, device.resource};
    TokenPair pair = make_token_pair(context_, permission);
    if (!client.may_refresh) pair.refresh_text.clear();
    const auto stored = co_await context_.store.add_tokens(
        pair.access, client.may_refresh ? std::optional<Token>(pair.refresh) : std::nullopt);
    if (!stored) co_return server_error();
    ++context_.counters.access_tokens_issued;
    if (client.may_refresh) ++context_.counters.refresh_tokens_issued;
    co_return describe_tokens(context_, pair.access_text, pair.refresh_text, permission.scope);
  }

 private:
  Context& context_;
  PendingDevices& devices_;
};

}  // namespace

std::unique_ptr<Grant> make_device_grant(Context& context, PendingDevices& devices) {
  return std::make_unique<DeviceGrant>(context, devices);
}

}  // namespace gatehouse::oauth_server
