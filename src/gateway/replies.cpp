#include "gateway/replies.hpp"

#include <fmt/format.h>

#include "gateway/meta_tools.hpp"
#include "gateway/older_revisions.hpp"
#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/error_codes.hpp"

namespace gatehouse::gateway {
namespace {

using mcp_server::Reply;

constexpr std::size_t kErrorWords = 1000;           // of a server's error message
constexpr std::size_t kErrorDataBytes = 64 * 1024;  // of its data; larger ones are left out

bool is_declared(const mcp::ClientCapabilities& declared, const jsonrpc::JsonMember& required) {
  if (required.is("sampling")) return declared.sampling;
  if (required.is("roots")) return declared.roots;
  if (!required.is("elicitation"))
    return jsonrpc::JsonView::of_proved(declared.raw).find(required.key()).has_value();
  const bool url = required.value.find("url").has_value();
  const bool form = required.value.find("form").has_value() || !url;
  return (!url || declared.elicitation_url) && (!form || declared.elicitation_form);
}

/// Whether the server misses what this client really did not declare: then it is the client's
/// matter, otherwise we have lost it on the way.
bool client_lacks(const mcp::ClientCapabilities& declared, std::string_view raw_data) {
  if (raw_data.empty()) return false;
  const auto required = jsonrpc::JsonView::of_proved(raw_data).find("requiredCapabilities");
  if (!required) return false;
  for (const jsonrpc::JsonMember& member : required->members()) {
    if (!is_declared(declared, member)) return true;
  }
  return false;
}

}  // namespace

Reply text_reply(std::string_view text, bool is_error) {
  Reply reply;
  reply.value = Reply::Result{text_result_members(text, is_error), {}};
  return reply;
}

Reply failure_reply(int code, std::string message, std::string raw_data) {
  Reply reply;
  reply.value = Reply::Failure{code, std::move(message), std::move(raw_data), 0};
  return reply;
}

Reply result_reply(const mcp_server::Call& call, mcp::Success success) {
  Reply reply;
  // Of tools/list whoever makes the page takes care, who compares the tools first.
  if (call.era() == mcp::Era::legacy && call.method() != "tools/list") {
    auto other = for_older_revision(call.method(), call.protocol_version(), success.result.view());
    if (other) success.result = mcp::RawJson(std::move(*other));
  }
  reply.value = Reply::Result{{}, std::move(success.result)};
  return reply;
}

Reply problem_reply(const mcp_server::Call& call, std::string_view text, int code) {
  if (call.method() == "tools/call") return text_reply(text, true);
  return failure_reply(code, std::string(text));
}

std::string explain(const Error& error) {
  std::string text = describe(error) + ".";
  switch (error.code) {
    case Errc::outcome_unknown:
      return text + " The call may have taken effect: check before you repeat it.";
    case Errc::unavailable:
    case Errc::timeout:
    case Errc::server_error:
    case Errc::rate_limited:
      return text + " Trying again later may help; other servers are not affected.";
    default:
      return text;
  }
}

std::optional<Reply> http_refusal(const Refused& refused, std::string_view resource_metadata_url) {
  http::Response response;
  if (!refused.scopes.empty()) {
    response.status = 403;
    std::string challenge =
        fmt::format("Bearer error=\"insufficient_scope\", scope=\"{}\"", refused.scopes);
    if (!resource_metadata_url.empty())
      challenge += fmt::format(", resource_metadata=\"{}\"", resource_metadata_url);
    response.headers.add("WWW-Authenticate", challenge);
  } else if (refused.retry_after.count() > 0) {
    response.status = 429;
    response.headers.add("Retry-After", std::to_string(refused.retry_after.count()));
  } else {
    return std::nullopt;
  }
  response.headers.add("Content-Type", "application/json");
  Reply reply;
  reply.value = Reply::Refusal{std::move(response), describe(refused.error)};
  return reply;
}

Reply error_reply(const mcp_server::Call& call, const mcp::RpcError& error) {
  const bool modern = call.era() == mcp::Era::modern;
  int code = error.code;
  std::string data = error.data.size() <= kErrorDataBytes ? error.data : std::string();
  const bool reserved = code <= mcp::kHeaderMismatch && code >= -32099;  // B-9
  if (code == mcp::kLegacyResourceNotFound && modern) {
    code = jsonrpc::kInvalidParams;
    // Which one it was, as this revision wants it told (F-6).
    const auto uri = jsonrpc::JsonView::of_proved(call.params()).find("uri");
    if (uri && data.empty()) data = "{\"uri\":" + std::string(uri->raw()) + "}";
  } else if (code == mcp::kMissingRequiredClientCapability) {
    const bool theirs = modern && client_lacks(call.capabilities(), error.data);
    if (!theirs) code = jsonrpc::kInternalError;
  } else if (code == mcp::kLegacyUrlElicitationRequired) {
    const bool knows = !modern && call.protocol_version() == "2025-11-25";
    if (!knows) code = jsonrpc::kInternalError;
  } else if (reserved) {
    code = jsonrpc::kInternalError;
  }
  if (code == jsonrpc::kInternalError && error.code != code) data.clear();
  return failure_reply(code, visible_text(error.message, kErrorWords), std::move(data));
}

}  // namespace gatehouse::gateway
