#include "mcp_server/request_view.hpp"

#include <fmt/format.h>

#include "mcp/versions.hpp"

namespace gatehouse::mcp_server {
namespace {

using jsonrpc::JsonView;

const mcp::ClientCapabilities kNoCapabilities;

Reply::Failure bad_param(std::string_view what) {
  return {jsonrpc::kInvalidParams, std::string(what), {}, 0};
}

}  // namespace

RequestView::RequestView(std::shared_ptr<const Caller> caller, mcp::Era era,
                         std::string_view version, jsonrpc::Message message,
                         const mcp::ClientCapabilities* capabilities)
    : caller_(std::move(caller)),
      era_(era),
      version_(version),
      message_(std::move(message)),
      capabilities_(capabilities != nullptr ? capabilities : &kNoCapabilities) {}

std::optional<Reply::Failure> RequestView::take_string(std::string_view raw, std::string_view what,
                                                       std::string& storage,
                                                       std::string_view& into) {
  if (raw.front() != '"') return bad_param(fmt::format("params.{} must be a string", what));
  into = raw.substr(1, raw.size() - 2);
  if (into.find('\\') != std::string_view::npos) into = storage = jsonrpc::unescape(into);
  return std::nullopt;
}

std::optional<Reply::Failure> RequestView::parse() {
  for (const jsonrpc::RawMember& member : message_.members) {
    const std::string_view key = member.raw_key;
    std::optional<Reply::Failure> wrong;
    if (key == "name") {
      wrong = take_string(member.value, key, name_storage_, name_);
    } else if (key == "arguments") {
      if (member.value != "null") arguments_ = member.value;
    } else if (key == "_meta") {
      if (member.value.front() != '{') return bad_param("params._meta must be an object");
      meta_ = member.value;
    } else if (era_ == mcp::Era::modern && key == "inputResponses") {
      if (member.value.front() != '{') return bad_param("params.inputResponses must be an object");
      input_responses_ = member.value;
    } else if (era_ == mcp::Era::modern && key == "requestState") {
      wrong = take_string(member.value, key, state_storage_, request_state_);
    }
    if (wrong) return wrong;
  }
  if (era_ == mcp::Era::legacy) return std::nullopt;
  const std::string_view declared = message_.meta_member(mcp::kMetaClientCapabilities);
  if (declared.empty() || declared == "{}") return std::nullopt;
  auto capabilities = mcp::parse_client_capabilities(declared);
  if (!capabilities) {
    Reply::Failure failure = bad_param(capabilities.error().detail);
    failure.http_status = 400;
    return failure;
  }
  declared_ = std::move(*capabilities);
  capabilities_ = &declared_;
  return std::nullopt;
}

}  // namespace gatehouse::mcp_server
