#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/product.hpp"
#include "oauth_client/probe.hpp"

namespace gatehouse::oauth_client {
namespace {

constexpr std::string_view kModern = "2026-07-28";

http::Request post(std::string_view url, std::string body, std::string_view version) {
  http::Request request;
  request.method = "POST";
  request.target = url;
  request.headers.add("Content-Type", "application/json");
  request.headers.add("Accept", "application/json, text/event-stream");
  if (!version.empty()) request.headers.add("MCP-Protocol-Version", version);
  request.body = std::move(body);
  return request;
}

bool is_result(std::string_view text) {
  boost::system::error_code error;
  const auto value = boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  return !error && value.is_object() && value.get_object().contains("result");
}

// -32020 … -32022 (mcp-protocol B-9).
bool is_modern_error(std::string_view text) {
  boost::system::error_code failure;
  const auto value =
      boost::json::parse(boost::json::string_view(text.data(), text.size()), failure);
  if (failure || !value.is_object()) return false;
  const auto* error = value.get_object().if_contains("error");
  if (error == nullptr || !error->is_object()) return false;
  const auto* code = error->get_object().if_contains("code");
  return code != nullptr && code->is_int64() && code->get_int64() <= -32020 &&
         code->get_int64() >= -32022;
}

}  // namespace

http::Request make_modern_probe(std::string_view url, std::string_view method) {
  http::Request request =
      post(url,
           fmt::format(R"({{"jsonrpc":"2.0","id":1,"method":"{}","params":{{"_meta":{{)"
                       R"("io.modelcontextprotocol/protocolVersion":"{}",)"
                       R"("io.modelcontextprotocol/clientInfo":{{"name":"{}","version":"{}"}},)"
                       R"("io.modelcontextprotocol/clientCapabilities":{{}}}}}}}})",
                       method, kModern, kProductName, product_version()),
           kModern);
  request.headers.add("Mcp-Method", method);
  return request;
}

http::Request make_initialize_probe(std::string_view url, std::string_view version) {
  // No version header before the handshake has settled one (2025-11-25, lifecycle).
  return post(
      url,
      fmt::format(
          R"({{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{"protocolVersion":"{}",)"
          R"("capabilities":{{}},"clientInfo":{{"name":"{}","version":"{}"}}}}}})",
          version, kProductName, product_version()),
      {});
}

http::Request make_session_probe(std::string_view url, std::string_view body,
                                 std::string_view session, std::string_view version) {
  http::Request request = post(url, std::string(body), version);
  if (!session.empty()) request.headers.add("Mcp-Session-Id", session);
  return request;
}

http::Request make_stream_probe(std::string_view url) {
  http::Request request;
  request.target = url;
  request.headers.add("Accept", "text/event-stream");
  return request;
}

ProbeVerdict judge_probe(int status, std::string_view body, std::size_t challenges) {
  if (status == 401 || (status == 403 && challenges > 0)) return ProbeVerdict::challenged;
  if (status >= 400 && status <= 499 && is_modern_error(body)) return ProbeVerdict::modern;
  if (status < 200 || status > 299) return ProbeVerdict::refused;
  if (is_result(body)) return ProbeVerdict::open;
  // An event stream: any event whose data is a result.
  std::size_t at = 0;
  while (at < body.size()) {
    const std::size_t end = std::min(body.find('\n', at), body.size());
    std::string_view line = body.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("data:") && is_result(line.substr(5))) return ProbeVerdict::open;
    at = end + 1;
  }
  return ProbeVerdict::refused;
}

}  // namespace gatehouse::oauth_client
