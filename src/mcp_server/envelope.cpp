#include "mcp_server/envelope.hpp"

#include <fmt/format.h>

#include <array>

#include "base/encoding.hpp"
#include "base/error.hpp"
#include "mcp/error_codes.hpp"
#include "mcp/param_headers.hpp"
#include "mcp/versions.hpp"

namespace gatehouse::mcp_server {
namespace {

using jsonrpc::JsonView;

constexpr std::array<std::string_view, 5> kRemoved{"initialize", "ping", "logging/setLevel",
                                                   "resources/subscribe", "resources/unsubscribe"};

Reply::Failure mismatch(std::string message) {
  return {mcp::kHeaderMismatch, std::move(message), {}, 400};
}

Reply::Failure bad_meta(std::string_view key, std::string_view what) {
  return {jsonrpc::kInvalidParams, fmt::format("_meta[\"{}\"] {}", key, what), {}, 400};
}

/// The member that Mcp-Name repeats; empty when the method has none (H-3).
std::string_view name_member(std::string_view method) {
  if (method == "tools/call" || method == "prompts/get") return "name";
  if (method == "resources/read") return "uri";
  if (method == "tasks/get" || method == "tasks/update" || method == "tasks/cancel") {
    return "taskId";
  }
  return {};
}

/// True when the raw JSON string stands for `text`; the common case needs no unescaping.
bool same_string(std::string_view raw, std::string_view text) {
  if (raw.size() == text.size() + 2 && raw.substr(1, text.size()) == text &&
      text.find('\\') == std::string_view::npos) {
    return true;
  }
  return JsonView::of_proved(raw).equals(text);
}

std::optional<Reply::Failure> check_name(std::string_view raw, const http::Headers& headers) {
  const auto header = headers.find(mcp::kHeaderName);
  if (raw.empty() || raw.front() != '"') {
    if (!header) return std::nullopt;  // the service answers the missing parameter
    return mismatch("Mcp-Name names something, the parameters do not");
  }
  if (!header) return mismatch("the Mcp-Name header is missing");
  const std::string_view text = trim_ows(*header);
  if (text.starts_with("=?base64?") && text.ends_with("?=")) {
    const auto decoded = mcp::decode_header_value(text);
    if (!decoded) return mismatch("Mcp-Name is malformed: " + decoded.error().detail);
    if (JsonView::of_proved(raw).equals(*decoded)) return std::nullopt;
  } else if (same_string(raw, text)) {
    return std::nullopt;
  }
  return mismatch("Mcp-Name differs from the name in the body");
}

}  // namespace

mcp::Era classify(const jsonrpc::Message& message, std::optional<std::string_view> version_header) {
  if (!message.meta.empty() && !message.meta_member(mcp::kMetaProtocolVersion).empty()) {
    return mcp::Era::modern;
  }
  if (version_header && !mcp::is_legacy_version(trim_ows(*version_header))) {
    return mcp::Era::modern;
  }
  return mcp::Era::legacy;
}

std::optional<Reply::Failure> check_meta(const jsonrpc::Message& message) {
  const std::string_view version = message.meta_member(mcp::kMetaProtocolVersion);
  if (version.empty()) return bad_meta(mcp::kMetaProtocolVersion, "is missing");
  if (version.front() != '"') return bad_meta(mcp::kMetaProtocolVersion, "must be a string");
  const std::string_view capabilities = message.meta_member(mcp::kMetaClientCapabilities);
  if (capabilities.empty()) return bad_meta(mcp::kMetaClientCapabilities, "is missing");
  if (capabilities.front() != '{') {
    return bad_meta(mcp::kMetaClientCapabilities, "must be an object");
  }
  return std::nullopt;
}

std::optional<Reply::Failure> check_version(const jsonrpc::Message& message) {
  const std::string_view version = message.meta_member(mcp::kMetaProtocolVersion);
  for (const std::string_view known : mcp::kModernVersions) {
    if (same_string(version, known)) return std::nullopt;
  }
  return unsupported_version(*JsonView::of_proved(version).as_string());
}

std::optional<Reply::Failure> check_version_header(const jsonrpc::Message& message,
                                                   const http::Headers& headers) {
  const auto version = headers.find(mcp::kHeaderProtocolVersion);
  if (!version) return mismatch("the MCP-Protocol-Version header is missing");
  if (!same_string(message.meta_member(mcp::kMetaProtocolVersion), trim_ows(*version))) {
    return mismatch("MCP-Protocol-Version differs from the version in _meta");
  }
  return std::nullopt;
}

std::optional<Reply::Failure> check_headers(const jsonrpc::Message& message,
                                            const http::Headers& headers) {
  const auto method = headers.find(mcp::kHeaderMethod);
  if (!method) return mismatch("the Mcp-Method header is missing");
  if (trim_ows(*method) != message.method) {
    return mismatch("Mcp-Method differs from the method in the body");
  }
  if (const std::string_view member = name_member(message.method); !member.empty()) {
    return check_name(message.member(member), headers);
  }
  return std::nullopt;
}

std::optional<Reply::Failure> check_param_headers(const mcp::HeaderPlan& plan,
                                                  std::string_view arguments,
                                                  const http::Headers& headers) {
  for (const mcp::HeaderPlan::Parameter& parameter : plan.parameters) {
    const std::string_view raw = mcp::find_argument(parameter, arguments);
    const std::size_t count = headers.count(parameter.header);
    if (raw.empty() && count == 0) continue;
    if (raw.empty()) return mismatch(parameter.header + " stands for no argument of the body");
    if (count == 0) return mismatch("the " + parameter.header + " header is missing");
    if (count > 1) return mismatch(parameter.header + " is there more than once");
    const std::string_view value = *headers.find(parameter.header);
    if (const auto decoded = mcp::decode_header_value(value); !decoded) {
      return mismatch(parameter.header + " is malformed: " + decoded.error().detail);
    }
    if (!mcp::header_matches(value, raw)) {
      return mismatch(parameter.header + " differs from the argument in the body");
    }
  }
  return std::nullopt;
}

bool is_removed_method(std::string_view method) {
  return std::ranges::find(kRemoved, method) != kRemoved.end();
}

Reply::Failure unsupported_version(std::string_view requested) {
  std::string data = R"({"supported":[)";
  for (std::size_t i = 0; i < mcp::kModernVersions.size(); ++i) {
    if (i != 0) data += ',';
    jsonrpc::append_quoted(data, mcp::kModernVersions[i]);
  }
  data += R"(],"requested":)";
  jsonrpc::append_quoted(data, requested.substr(0, 64));
  data += '}';
  return {mcp::kUnsupportedProtocolVersion,
          fmt::format("protocol version {} is not supported", quote_remote(requested, 64)),
          std::move(data), 400};
}

Reply::Failure unknown_method(std::string_view method) {
  return {
      jsonrpc::kMethodNotFound, fmt::format("unknown method {}", quote_remote(method, 100)), {}, 0};
}

int http_status_of(const Reply::Failure& failure) {
  if (failure.http_status != 0) return failure.http_status;
  switch (failure.code) {
    case jsonrpc::kMethodNotFound:
      return 404;
    case jsonrpc::kParseError:
    case jsonrpc::kInvalidRequest:
    case mcp::kHeaderMismatch:
    case mcp::kMissingRequiredClientCapability:
    case mcp::kUnsupportedProtocolVersion:
      return 400;
    default:
      return 200;
  }
}

}  // namespace gatehouse::mcp_server
