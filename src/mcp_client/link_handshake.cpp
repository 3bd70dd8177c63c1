#include "mcp_client/link_handshake.hpp"

#include <fmt/format.h>

#include "jsonrpc/json.hpp"
#include "mcp/versions.hpp"
#include "mcp_client/incoming.hpp"
#include "mcp_client/outgoing.hpp"

namespace gatehouse::mcp_client {

Task<Result<LinkHandshake>> initialize(MessageLink& link, std::chrono::milliseconds timeout) {
  mcp::Request request;
  request.method = "initialize";
  request.timeout = timeout;
  const LinkSettings& settings = link.settings();
  const std::int64_t id = link.next_id();
  std::string body = make_initialize(id, mcp::kLegacyVersions.front(), settings.capabilities.raw,
                                     make_client_info(settings.client));
  auto answered = co_await link.call(id, std::move(body), request, nullptr);
  if (!answered && answered.error().code == Errc::outcome_unknown) {
    co_return fail(Errc::unavailable, link.obituary());
  }
  if (!answered) co_return std::unexpected(answered.error());
  if (auto* error = std::get_if<mcp::RpcError>(&answered->answer)) {
    co_return LinkHandshake(std::move(*error));
  }
  if (auto* refusal = std::get_if<mcp::HttpRefusal>(&answered->answer)) {
    co_return LinkHandshake(std::move(*refusal));
  }
  const std::string_view result = std::get<mcp::Success>(answered->answer).result.view();
  const std::string version =
      jsonrpc::JsonView::of_proved(result).string("protocolVersion").value_or("");
  // Servers of the first revision differ only in what they lack.
  if (!mcp::is_legacy_version(version) && version != mcp::kOldestVersion) {
    co_return fail(Errc::unsupported, fmt::format("{} speaks protocol version {}, which we do not",
                                                  settings.name, quote_remote(version, 40)));
  }
  auto noted = co_await link.send(jsonrpc::make_notification("notifications/initialized"));
  if (!noted) co_return std::unexpected(noted.error());
  co_return LinkHandshake(parse_server_info(result, mcp::Era::legacy, version));
}

}  // namespace gatehouse::mcp_client
