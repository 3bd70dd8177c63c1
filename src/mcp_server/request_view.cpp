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
                         const mcp::ClientCapabilities* capabilities, const LogFloor* floor)
    : caller_(std::move(caller)),
      era_(era),
      version_(version),
      message_(std::move(message)),
      capabilities_(capabilities != nullptr ? capabilities : &kNoCapabilities),
      floor_(floor != nullptr ? floor : &own_floor_) {}

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
  return era_ == mcp::Era::legacy ? std::nullopt : parse_meta();
}

/// What a modern request says about its client.
std::optional<Reply::Failure> RequestView::parse_meta() {
  if (const std::string_view level = message_.meta_member(mcp::kMetaLogLevel); !level.empty()) {
    const auto name = JsonView::of_proved(level).as_string();
    own_floor_ = name ? parse_log_level(*name) : std::nullopt;
    if (!own_floor_) {
      Reply::Failure failure =
          bad_param(fmt::format("_meta[\"{}\"] is no log level", mcp::kMetaLogLevel));
      failure.http_status = 400;
      return failure;
    }
  }
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

bool RequestView::admits(std::string_view method, std::string_view params) {
  if (method == "notifications/message") return reaches(*floor_, params);
  if (method == "notifications/progress") return admits_progress(params);
  return true;
}

bool RequestView::admits_progress(std::string_view params) {
  const std::string_view token = message_.meta_member("progressToken");
  if (token.empty() || token == "null" || params.empty()) return false;
  const JsonView report = JsonView::of_proved(params);
  const auto named = report.find("progressToken");
  if (!named) return false;
  const auto text = named->as_string();
  if (text ? !JsonView::of_proved(token).equals(*text) : named->raw() != token) return false;
  const auto member = report.find("progress");
  const auto progress = member ? member->as_double() : std::nullopt;
  if (!progress || (progress_ && *progress <= *progress_)) return false;
  progress_ = progress;
  return true;
}

bool RequestView::may_be_asked(std::string_view method, std::string_view params, Asks asks) const {
  return asks == Asks::anything ||
         mcp::allows(*capabilities_, method, params.empty() ? "{}" : params);
}

}  // namespace gatehouse::mcp_server
