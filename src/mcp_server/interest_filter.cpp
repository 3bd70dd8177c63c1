#include "mcp_server/interest_filter.hpp"

#include <fmt/format.h>

#include "base/limits.hpp"
#include "mcp/listen_filter.hpp"
#include "mcp/versions.hpp"
#include "mcp_server/log_level.hpp"

namespace gatehouse::mcp_server {

using jsonrpc::JsonMember;
using jsonrpc::JsonView;

Result<mcp::Interest> parse_listen_filter(const jsonrpc::Message& listen) {
  const std::string_view raw = listen.member("notifications");
  auto interest = mcp::parse_listen_filter(raw.empty() ? "null" : raw, limits::kSubscriptions);
  if (!interest) interest.error().detail.insert(0, "params.");
  return interest;
}

std::string make_acknowledgement(const mcp::Interest& granted, std::string_view raw_id) {
  return fmt::format(R"({{"_meta":{{"{}":{}}},"notifications":{}}})", mcp::kMetaSubscriptionId,
                     raw_id, mcp::make_listen_filter(granted));
}

std::string add_subscription_id(std::string_view params, std::string_view raw_id) {
  std::string meta = fmt::format(R"("_meta":{{"{}":{})", mcp::kMetaSubscriptionId, raw_id);
  std::string rest;
  if (!params.empty()) {
    for (const JsonMember& member : JsonView::of_proved(params).members()) {
      if (!member.is("_meta")) {
        rest.append(",\"").append(member.raw_key).append("\":").append(member.value.raw());
        continue;
      }
      for (const JsonMember& entry : member.value.members()) {
        if (entry.is(mcp::kMetaSubscriptionId)) continue;
        meta.append(",\"").append(entry.raw_key).append("\":").append(entry.value.raw());
      }
    }
  }
  return fmt::format("{{{}}}{}}}", meta, rest);
}

bool is_wanted(const mcp::Interest& interest, std::string_view method, std::string_view params) {
  if (method == "notifications/message")
    return reaches(parse_log_level(interest.log_level), params);
  return mcp::hears(interest, method, params);
}

}  // namespace gatehouse::mcp_server
