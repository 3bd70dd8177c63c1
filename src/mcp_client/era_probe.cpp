#include "mcp_client/era_probe.hpp"

#include <fmt/format.h>

#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/error_codes.hpp"
#include "mcp/versions.hpp"
#include "mcp_client/incoming.hpp"

namespace gatehouse::mcp_client::era_probe {
namespace {

Inconclusive no_common_version(const std::vector<std::string>& offered) {
  return {Error{Errc::unsupported,
                fmt::format("the server speaks only protocol versions that we do not: {}",
                            quote_remote(fmt::format("{}", fmt::join(offered, ", ")))),
                "a newer Gatehouse may speak one of them"}};
}

/// The server named versions: ours among them, or one of the legacy ones, or none.
Verdict judge_versions(const std::vector<std::string>& offered) {
  if (auto version = mcp::choose_modern_version(offered)) return RetryVersion{*version};
  for (const std::string& version : offered) {
    if (mcp::is_legacy_version(version)) return Legacy{};
  }
  return no_common_version(offered);
}

Verdict judge_result(std::string_view raw_result) {
  const auto supported = jsonrpc::JsonView::of_proved(raw_result).find("supportedVersions");
  // Some legacy servers answer any method with an empty result.
  if (!supported || !supported->is_array()) return Legacy{};
  std::vector<std::string> offered;
  for (const jsonrpc::JsonView& version : supported->elements()) {
    if (auto text = version.as_string()) offered.push_back(std::move(*text));
  }
  Verdict verdict = judge_versions(offered);
  if (const auto* version = std::get_if<RetryVersion>(&verdict)) {
    return Modern{parse_server_info(raw_result, mcp::Era::modern, version->version)};
  }
  return verdict;
}

std::optional<Verdict> judge_message(std::string_view bytes) {
  const auto message = jsonrpc::prove(bytes);
  if (!message) return std::nullopt;
  if (message->kind == jsonrpc::MessageKind::result) return judge_result(message->result);
  if (message->kind != jsonrpc::MessageKind::error) return std::nullopt;
  const jsonrpc::ErrorObject error = jsonrpc::parse_error_object(message->error);
  if (error.code == mcp::kUnsupportedProtocolVersion) {
    const auto offered = supported_versions({error.code, error.message, error.data});
    if (!offered.empty()) return judge_versions(offered);
  }
  if (mcp::is_modern_error(error.code)) {
    // The server is modern and says what is wrong: never fall back (V-5).
    ServerInfo info;
    info.era = mcp::Era::modern;
    info.protocol_version = mcp::kModernVersion;
    return Modern{std::move(info)};
  }
  return Legacy{};
}

}  // namespace

Verdict judge_http(const http::Reply& reply, std::string_view message, std::string_view url) {
  if (auto refusal = refusal_of(reply)) return Refused{std::move(*refusal)};
  const bool proves_nothing = reply.status >= 500 || reply.status == 429 || reply.status == 408 ||
                              (reply.status >= 300 && reply.status < 400);
  if (auto verdict = judge_message(message)) {
    const bool foreign = std::holds_alternative<Legacy>(*verdict);
    if (!(foreign && proves_nothing)) return std::move(*verdict);
  }
  if (proves_nothing) return Inconclusive{status_error(reply.status, message, url)};
  return Legacy{};
}

Verdict judge_line(std::string_view line) {
  auto verdict = judge_message(line);
  return verdict ? std::move(*verdict) : Verdict{Legacy{}};
}

}  // namespace gatehouse::mcp_client::era_probe
