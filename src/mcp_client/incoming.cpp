#include "mcp_client/incoming.hpp"

#include <fmt/format.h>

#include "jsonrpc/json.hpp"
#include "mcp/versions.hpp"
#include "mcp_client/outgoing.hpp"

namespace gatehouse::mcp_client {
namespace {

constexpr std::size_t kRefusalBody = 4096;  // bytes kept of a 401 or 403 for people to read

using jsonrpc::JsonView;

}  // namespace

std::optional<mcp::HttpRefusal> refusal_of(const http::Reply& reply) {
  if (reply.status != 401 && reply.status != 403) return std::nullopt;
  mcp::HttpRefusal refusal;
  refusal.status = reply.status;
  for (const std::string_view value : reply.headers.find_all("WWW-Authenticate")) {
    refusal.challenges.emplace_back(value);
  }
  refusal.body = reply.body.substr(0, kRefusalBody);
  return refusal;
}

Error status_error(int status, std::string_view body, std::string_view url) {
  const std::string said =
      body.empty() ? std::string() : fmt::format(": {}", quote_remote(body, 200));
  const std::string what = fmt::format("{} answered HTTP {}{}", url, status, said);
  if (status == 429) return Error{Errc::rate_limited, what, "wait before trying again"};
  if (status >= 500) return Error{Errc::server_error, what, {}};
  if (status >= 300 && status < 400) {
    return Error{Errc::rejected, what, "the server has moved: use the address it names"};
  }
  if (status >= 400) return Error{Errc::rejected, what, {}};
  return Error{Errc::protocol, what + ", which is no answer to an MCP request", {}};
}

Error no_answer_error(std::string_view method, std::chrono::milliseconds waited) {
  const auto seconds = std::chrono::duration<double>(waited).count();
  if (is_safe_to_repeat(method)) {
    return Error{
        Errc::timeout, fmt::format("no answer to {} within {:.3g} s", method, seconds), {}};
  }
  return Error{
      Errc::outcome_unknown,
      fmt::format("no answer to {} within {:.3g} s: it may have been carried out", method, seconds),
      "look at the effect before repeating it"};
}

std::optional<mcp::RpcError> rpc_error_of(std::string_view body) {
  const auto message = jsonrpc::prove(body);
  if (!message || message->kind != jsonrpc::MessageKind::error) return std::nullopt;
  jsonrpc::ErrorObject error = jsonrpc::parse_error_object(message->error);
  return mcp::RpcError{error.code, std::move(error.message), std::move(error.data)};
}

bool is_id(std::string_view raw_id, std::int64_t id) {
  return raw_id == fmt::format_int(id).c_str();
}

mcp::Answer to_answer(const jsonrpc::Message& message, std::string bytes) {
  if (message.kind == jsonrpc::MessageKind::error) {
    jsonrpc::ErrorObject error = jsonrpc::parse_error_object(message.error);
    return mcp::RpcError{error.code, std::move(error.message), std::move(error.data)};
  }
  // JSON-RPC allows any value, MCP demands an object; what splices results relies on it.
  if (!message.result.starts_with('{')) {
    return mcp::RpcError{jsonrpc::kInternalError, "the server's result is no JSON object", {}};
  }
  if (bytes.empty()) return mcp::Success{mcp::RawJson(std::string(message.result))};
  const auto offset = static_cast<std::size_t>(message.result.data() - bytes.data());
  const std::size_t size = message.result.size();
  return mcp::Success{mcp::RawJson(std::move(bytes), offset, size)};
}

ServerInfo parse_server_info(std::string_view raw_result, mcp::Era era, std::string version) {
  const JsonView result = JsonView::of_proved(raw_result);
  ServerInfo info;
  info.era = era;
  info.protocol_version = std::move(version);
  info.instructions = result.string("instructions").value_or("");
  if (const auto capabilities = result.find("capabilities");
      capabilities && capabilities->is_object()) {
    info.capabilities = capabilities->raw();
  }
  // Modern servers name themselves in _meta (B-6), older drafts and legacy ones in the body.
  auto server = result.find("serverInfo");
  if (const auto meta = result.find("_meta")) {
    if (const auto named = meta->find(mcp::kMetaServerInfo)) server = named;
  }
  if (server) {
    info.name = server->string("name").value_or("");
    info.version = server->string("version").value_or("");
    info.title = server->string("title").value_or("");
  }
  return info;
}

std::vector<std::string> supported_versions(const mcp::RpcError& error) {
  std::vector<std::string> versions;
  if (error.data.empty()) return versions;
  const auto list = JsonView::of_proved(error.data).find("supported");
  if (!list) return versions;
  for (const JsonView& version : list->elements()) {
    if (auto text = version.as_string()) versions.push_back(std::move(*text));
  }
  return versions;
}

}  // namespace gatehouse::mcp_client
