#include "mcp_client/stdio_peer.hpp"

#include <fmt/format.h>

#include "jsonrpc/json.hpp"
#include "mcp/versions.hpp"
#include "mcp_client/incoming.hpp"
#include "mcp_client/outgoing.hpp"

namespace gatehouse::mcp_client {

StdioPeer::StdioPeer(std::shared_ptr<StdioLink> link, ServerInfo info)
    : link_(std::move(link)),
      info_(std::move(info)),
      client_info_(make_client_info(link_->target().client)) {}

StdioPeer::~StdioPeer() {
  link_->close_later();
}

Task<> StdioPeer::close() {
  co_await link_->close();
}

Task<Result<std::variant<ServerInfo, mcp::RpcError>>> StdioPeer::initialize(StdioLink& link) {
  using Outcome = std::variant<ServerInfo, mcp::RpcError>;
  mcp::Request request;
  request.method = "initialize";
  request.timeout = limits::kCallTimeout;  // a package runner may have to fetch the server first
  const std::int64_t id = link.next_id();
  std::string body =
      make_initialize(id, mcp::kLegacyVersions.front(), link.target().capabilities.raw,
                      make_client_info(link.target().client));
  auto answered = co_await link.call(id, std::move(body), request, nullptr);
  if (!answered && answered.error().code == Errc::outcome_unknown) {
    co_return fail(Errc::unavailable, link.obituary(), "run the command by hand to see why");
  }
  if (!answered) co_return std::unexpected(answered.error());
  if (auto* error = std::get_if<mcp::RpcError>(&answered->answer)) {
    co_return Outcome(std::move(*error));
  }
  const std::string_view result = std::get<mcp::Success>(answered->answer).result.view();
  const std::string version =
      jsonrpc::JsonView::of_proved(result).string("protocolVersion").value_or("");
  // stdio servers of the first revision differ only in what they lack.
  if (!mcp::is_legacy_version(version) && version != "2024-11-05") {
    co_return fail(Errc::unsupported,
                   fmt::format("{} speaks protocol version {}, which we do not",
                               link.target().command, quote_remote(version, 40)));
  }
  auto noted = co_await link.send(jsonrpc::make_notification("notifications/initialized"));
  if (!noted) co_return fail(Errc::unavailable, link.obituary());
  co_return Outcome(parse_server_info(result, mcp::Era::legacy, version));
}

Task<Result<mcp::Answer>> StdioPeer::request(mcp::Request request, Interaction* interaction) {
  if (request.cancel != nullptr && request.cancel->cancelled()) {
    co_return fail(Errc::cancelled, "the request was cancelled");
  }
  if (info_.era == mcp::Era::modern) co_return co_await run_rounds(*this, request, interaction);
  const std::int64_t id = link_->next_id();
  Outgoing out = make_legacy_body(request, id);
  auto answered = co_await link_->call(id, std::move(out.body), request, interaction);
  if (!answered) co_return std::unexpected(answered.error());
  co_return std::move(answered->answer);
}

Task<Result<Answered>> StdioPeer::exchange(const mcp::Request& request,
                                           std::string_view capabilities,
                                           std::string_view extra_members) {
  const std::int64_t id = link_->next_id();
  Outgoing out = make_modern_body(request, id, info_.protocol_version, client_info_, capabilities,
                                  extra_members);
  co_return co_await link_->call(id, std::move(out.body), request, nullptr);
}

}  // namespace gatehouse::mcp_client
