#include "gateway/request_members.hpp"

#include <algorithm>
#include <array>

#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/versions.hpp"

namespace gatehouse::gateway {
namespace {

using jsonrpc::JsonMember;
using jsonrpc::JsonView;
using mcp_server::Call;

bool is_ours(const Call& call, const JsonMember& member) {
  if (member.is("_meta")) return true;
  // Tasks of 2025-11-25, which we declare to nobody: whoever asks for one gets the result instead.
  if (call.era() == mcp::Era::legacy && member.is("task") && call.method() == "tools/call")
    return true;
  return call.era() == mcp::Era::modern &&
         (member.is("inputResponses") || member.is("requestState"));
}

void append(std::string& out, const JsonMember& member, std::string_view raw) {
  if (!out.empty()) out += ',';
  out += '"';
  out.append(member.raw_key).append("\":").append(raw);
}

bool is_made_anew(const JsonMember& member) {
  static constexpr std::array<std::string_view, 6> kOfOneHop{
      mcp::kMetaProtocolVersion, mcp::kMetaClientCapabilities, mcp::kMetaClientInfo,
      mcp::kMetaServerInfo,      mcp::kMetaSubscriptionId,     "progressToken"};
  const auto is = [&](std::string_view name) { return member.is(name); };
  return std::ranges::any_of(kOfOneHop, is);
}

}  // namespace

std::string upstream_params(const Call& call, std::optional<Replacement> replace) {
  std::string out;
  out.reserve(call.params().size());
  for (const JsonMember& member : JsonView::of_proved(call.params()).members()) {
    if (is_ours(call, member)) continue;
    const bool other = replace && member.is(replace->member);
    append(out, member, other ? replace->raw : member.value.raw());
  }
  return out;
}

bool has_further_members(const Call& call) {
  for (const JsonMember& member : JsonView::of_proved(call.params()).members()) {
    if (!member.is("name") && !member.is("arguments") && !is_ours(call, member)) return true;
  }
  return false;
}

std::string upstream_meta(const Call& call, LogWish wish) {
  std::string out;
  // A legacy session has told its level to the endpoint, which keeps to it; modern servers must be
  // asked with each request.
  if (wish == LogWish::pass && call.era() == mcp::Era::legacy && !call.log_level().empty())
    out.append("\"").append(mcp::kMetaLogLevel).append("\":\"").append(call.log_level()) += '"';
  if (call.meta().empty()) return out;
  for (const JsonMember& member : JsonView::of_proved(call.meta()).members()) {
    if (is_made_anew(member)) continue;
    if (wish == LogWish::drop && member.is(mcp::kMetaLogLevel)) continue;
    append(out, member, member.value.raw());
  }
  return out;
}

std::string_view progress_token(const Call& call) {
  // Most calls have none; a look at the bytes is cheaper than a walk over the members.
  const std::string_view meta = call.meta();
  constexpr auto kNone = std::string_view::npos;
  if (meta.find("progressToken") == kNone && meta.find('\\') == kNone) return {};
  const std::optional<JsonView> token = JsonView::of_proved(meta).find("progressToken");
  return token ? token->raw() : std::string_view{};
}

}  // namespace gatehouse::gateway
