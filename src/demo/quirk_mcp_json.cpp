// Quirks of the MCP servers.
#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "demo/quirky_front.hpp"

namespace gatehouse::demo {
namespace {

constexpr std::array<std::string_view, 2> kTooNew{"2026-07-28", "2025-11-25"};

bool is_too_new(std::string_view version) {
  return std::ranges::find(kTooNew, version) != kTooNew.end();
}

std::optional<boost::json::object> read(const http::Request& request) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(request.body, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

/// The protocolVersion of an `initialize`; null for anything else.
boost::json::value* wanted_version(boost::json::object& message) {
  const auto* method = message.if_contains("method");
  if (method == nullptr || !method->is_string() || method->get_string() != "initialize") {
    return nullptr;
  }
  auto* params = message.if_contains("params");
  if (params == nullptr || !params->is_object()) return nullptr;
  auto* version = params->get_object().if_contains("protocolVersion");
  return version != nullptr && version->is_string() ? version : nullptr;
}

}  // namespace

std::optional<http::Response> QuirkyFront::before_mcp(Place place, http::Request& request) {
  if (place != Place::legacy_mcp || request.method != "POST") return std::nullopt;
  auto message = read(request);
  if (!message) return std::nullopt;
  boost::json::value* version = wanted_version(*message);
  if (has(Quirk::version_400)) {
    const auto header = request.headers.find("MCP-Protocol-Version");
    const bool refused = (header && is_too_new(*header)) ||
                         (version != nullptr && is_too_new(std::string(version->get_string())));
    if (refused) {
      return http::Response{
          400, {{"Content-Type", "text/plain"}}, "Bad Request: Unsupported protocol version\n"};
    }
  }
  if (has(Quirk::batched_answers) && version != nullptr) {
    *version = "2025-03-26";
    request.body = boost::json::serialize(*message);
  }
  return std::nullopt;
}

void QuirkyFront::after_mcp(const http::Request& request, http::Response& response) {
  if (response.status == 401 && (has(Quirk::bare_401) || has(Quirk::no_metadata))) {
    response.headers.set("WWW-Authenticate", "Bearer");
  }
  const bool batched = has(Quirk::batched_answers) && response.status == 200 &&
                       request.target.starts_with("/issues/") && response.body.starts_with('{');
  if (!batched) return;
  auto message = read(request);
  // `initialize` is never part of a batch.
  if (message && wanted_version(*message) == nullptr) response.body = "[" + response.body + "]";
}

}  // namespace gatehouse::demo
