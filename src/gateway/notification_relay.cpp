#include "gateway/notification_relay.hpp"

#include "gateway/uri_rewriter.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::gateway {

std::string attributed_log(std::string_view params, std::string_view connection) {
  const jsonrpc::JsonView message = jsonrpc::JsonView::of_proved(params);
  if (const auto logger = message.string("logger")) {
    return replace_member(params, "logger",
                          jsonrpc::quote(std::string(connection) + "/" + *logger));
  }
  std::string out = "{\"logger\":" + jsonrpc::quote(connection);
  for (const jsonrpc::JsonMember& member : message.members()) {
    if (member.is("logger")) continue;
    out.append(",\"").append(member.raw_key).append("\":").append(member.value.raw());
  }
  return out + "}";
}

bool NotificationRelay::wanted() const {
  if (!raw_token_.empty()) return true;
  if (manners_.logs == Front::Extras::drop) return false;
  return !call_.log_level().empty();
}

void NotificationRelay::on_notification(std::string_view method, std::string_view params) {
  if (params.size() > limits::kProgressBytes) return;
  if (method != "notifications/progress") {
    if (manners_.logs == Front::Extras::drop) return;
    if (method == "notifications/elicitation/complete") call_.post(method, params);
    if (method != "notifications/message") return;
    const bool named = manners_.questions == Front::Questions::with_connection_name;
    call_.post(method, named ? attributed_log(params, connection_) : std::string(params));
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
