#include "gateway/notification_relay.hpp"

#include "jsonrpc/json.hpp"

namespace gatehouse::gateway {

bool NotificationRelay::wanted() const {
  if (!raw_token_.empty()) return true;
  if (logs_ == Front::Extras::drop) return false;
  return !call_.log_level().empty();
}

void NotificationRelay::on_notification(std::string_view method, std::string_view params) {
  if (params.size() > limits::kProgressBytes) return;
  if (method != "notifications/progress") {
    const bool log =
        method == "notifications/message" || method == "notifications/elicitation/complete";
    if (log && logs_ == Front::Extras::pass) call_.post(method, params);
    return;
  }
  if (raw_token_.empty()) return;
  std::string renamed = "{\"progressToken\":" + std::string(raw_token_);
  for (const jsonrpc::JsonMember& member : jsonrpc::JsonView::of_proved(params).members()) {
    if (!member.is("progress") && !member.is("total") && !member.is("message")) continue;
    renamed.append(",\"").append(member.raw_key).append("\":").append(member.value.raw());
  }
  call_.post(method, renamed + "}");
}

}  // namespace gatehouse::gateway
