#include "mcp_client/outgoing.hpp"

#include <algorithm>
#include <array>

#include "jsonrpc/json.hpp"
#include "mcp/versions.hpp"

namespace gatehouse::mcp_client {
namespace {

std::size_t params_size(const mcp::Request& request) {
  std::size_t size = 0;
  for (const std::string_view piece : request.params) size += piece.size();
  return size;
}

void begin(std::string& body, const mcp::Request& request, std::int64_t id) {
  body.append(R"({"jsonrpc":"2.0","id":)").append(std::to_string(id)).append(R"(,"method":)");
  jsonrpc::append_quoted(body, request.method);
}

/// Separates members of `_meta`.
void add_meta(std::string& body, bool& first, std::string_view member) {
  if (member.empty()) return;
  if (!first) body += ',';
  first = false;
  body += member;
}

std::string progress_member(std::int64_t id) {
  return R"("progressToken":)" + std::to_string(id);
}

}  // namespace

Outgoing make_modern_body(const mcp::Request& request, std::int64_t id, std::string_view version,
                          std::string_view raw_client_info, std::string_view raw_capabilities,
                          std::string_view extra_members) {
  Outgoing out;
  const std::size_t given = params_size(request);
  out.body.reserve(given + request.meta.size() + raw_capabilities.size() + raw_client_info.size() +
                   extra_members.size() + 320);
  begin(out.body, request, id);
  out.body += R"(,"params":)";
  out.params_at = out.body.size();
  out.body += '{';
  for (const std::string_view piece : request.params) out.body += piece;
  if (given != 0) out.body += ',';
  out.body.append(R"("_meta":{")").append(mcp::kMetaProtocolVersion).append(R"(":")");
  out.body.append(version).append(R"(",")").append(mcp::kMetaClientCapabilities).append("\":");
  out.body.append(raw_capabilities).append(",\"").append(mcp::kMetaClientInfo).append("\":");
  out.body.append(raw_client_info);
  bool first = false;
  if (request.sink != nullptr) add_meta(out.body, first, progress_member(id));
  add_meta(out.body, first, request.meta);
  out.body.append("}").append(extra_members).append("}");
  out.params_size = out.body.size() - out.params_at;
  out.body += '}';
  return out;
}

Outgoing make_legacy_body(const mcp::Request& request, std::int64_t id) {
  Outgoing out;
  const std::size_t given = params_size(request);
  out.body.reserve(given + request.meta.size() + 128);
  begin(out.body, request, id);
  const bool wants_progress = request.sink != nullptr || request.method == "tools/call";
  const bool has_meta = wants_progress || !request.meta.empty();
  if (given != 0 || has_meta) {
    out.body += R"(,"params":)";
    out.params_at = out.body.size();
    out.body += '{';
    for (const std::string_view piece : request.params) out.body += piece;
    if (has_meta) {
      out.body += given != 0 ? R"(,"_meta":{)" : R"("_meta":{)";
      bool first = true;
      if (wants_progress) add_meta(out.body, first, progress_member(id));
      add_meta(out.body, first, request.meta);
      out.body += '}';
    }
    out.body += '}';
    out.params_size = out.body.size() - out.params_at;
  }
  out.body += '}';
  return out;
}

std::string make_initialize(std::int64_t id, std::string_view version,
                            std::string_view raw_capabilities, std::string_view raw_client_info) {
  std::string body = R"({"jsonrpc":"2.0","id":)" + std::to_string(id);
  body.append(R"(,"method":"initialize","params":{"protocolVersion":")").append(version);
  body.append(R"(","capabilities":)").append(raw_capabilities);
  body.append(R"(,"clientInfo":)").append(raw_client_info).append("}}");
  return body;
}

std::string make_cancelled(std::int64_t id, std::string_view reason) {
  return R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" +
         std::to_string(id) + R"(,"reason":)" + jsonrpc::quote(reason) + "}}";
}

std::string make_client_info(const ClientIdentity& identity) {
  return R"({"name":)" + jsonrpc::quote(identity.name) + R"(,"version":)" +
         jsonrpc::quote(identity.version) + "}";
}

bool is_safe_to_repeat(std::string_view method) {
  static constexpr std::array<std::string_view, 9> kSafe{
      "server/discover", "initialize",     "ping",
      "tools/list",      "prompts/list",   "prompts/get",
      "resources/list",  "resources/read", "resources/templates/list"};
  return std::ranges::find(kSafe, method) != kSafe.end();
}

}  // namespace gatehouse::mcp_client
