#include "mcp_client/connect.hpp"

#include <fmt/format.h>

#include "mcp/error_codes.hpp"
#include "mcp/versions.hpp"
#include "mcp_client/era_probe.hpp"
#include "mcp_client/event_reader.hpp"
#include "mcp_client/incoming.hpp"
#include "mcp_client/legacy_http_peer.hpp"
#include "mcp_client/modern_http_peer.hpp"
#include "mcp_client/outgoing.hpp"
#include "mcp_client/sse_peer.hpp"

namespace gatehouse::mcp_client {
namespace {

ServerInfo modern_info(std::string version) {
  ServerInfo info;
  info.era = mcp::Era::modern;
  info.protocol_version = std::move(version);
  return info;
}

Opened opened_modern(HttpTarget target, Parts parts, ServerInfo info) {
  Opened opened;
  opened.verdict = {mcp::Era::modern, info.protocol_version};
  opened.peer = std::make_unique<ModernHttpPeer>(std::move(target), parts, std::move(info));
  return opened;
}

/// The body, or the data of the event that answers.
Task<Result<std::string>> read_message(http::Reply& reply, const Parts& parts) {
  if (!reply.stream) co_return reply.body;
  EventReader reader(std::move(reply.stream));
  const CallDeadline deadline(parts.clock.steady_now(), limits::kListTimeout);
  while (!deadline.expired(parts.clock.steady_now())) {
    auto step = co_await reader.next(deadline.remaining(parts.clock.steady_now()));
    if (!step) co_return std::unexpected(step.error());
    if (step->event && !step->event->data.empty()) {
      const auto message = jsonrpc::prove(step->event->data);
      const bool answers = message && (message->kind == jsonrpc::MessageKind::result ||
                                       message->kind == jsonrpc::MessageKind::error);
      if (answers) co_return std::move(step->event->data);
    }
    if (step->ended) co_return std::string();
  }
  co_return std::unexpected(no_answer_error("server/discover", limits::kListTimeout));
}

/// One probe over HTTP.
Task<Result<era_probe::Verdict>> probe_http(const HttpTarget& target, const Parts& parts,
                                            std::string_view version) {
  HttpEndpoint endpoint(target, parts);
  mcp::Request request;
  request.method = "server/discover";
  Outgoing out = make_modern_body(request, 0, version, make_client_info(target.client),
                                  target.capabilities.raw);
  http::Headers headers;
  headers.add(mcp::kHeaderProtocolVersion, version);
  headers.add(mcp::kHeaderMethod, request.method);
  auto reply = co_await endpoint.post(std::move(out.body), std::move(headers), limits::kListTimeout,
                                      nullptr);
  if (!reply) co_return std::unexpected(reply.error());
  auto message = co_await read_message(*reply, parts);
  if (!message) co_return std::unexpected(message.error());
  co_return era_probe::judge_http(*reply, *message, target.url);
}

Error no_known_transport(const std::string& url, std::string_view said, const Error& stream) {
  return Error{Errc::unsupported,
               fmt::format("{} answers neither `server/discover` nor `initialize` ({}), and it is "
                           "no HTTP+SSE server of 2024-11-05 either: {}",
                           url, said, stream.detail),
               "check the path; ask the server's operator for its address"};
}

/// 2025-03-26 takes any 4xx for a sign of the older transport, later revisions name three; the
/// `endpoint` event is what proves it. 401, 403, 408 and 429 say something else.
bool may_be_the_oldest(int status) {
  return status >= 400 && status < 500 && status != 401 && status != 403 && status != 408 &&
         status != 429;
}

Task<Result<Opened>> open_oldest(HttpTarget target, Parts parts) {
  auto peer = std::make_unique<SsePeer>(std::move(target), parts);
  auto handshake = co_await peer->connect();
  if (!handshake) co_return std::unexpected(handshake.error());
  Opened opened;
  if (auto* refusal = std::get_if<mcp::HttpRefusal>(&*handshake)) {
    opened.refusal = std::move(*refusal);
    co_return opened;
  }
  if (const auto* error = std::get_if<mcp::RpcError>(&*handshake)) {
    co_return fail(Errc::unsupported, fmt::format("the server refuses `initialize`: {}",
                                                  quote_remote(error->message)));
  }
  opened.verdict = {mcp::Era::legacy, peer->info().protocol_version, HttpTransport::http_with_sse};
  opened.peer = std::move(peer);
  co_return opened;
}

/// After `initialize` was refused: a GET that opens a stream with an `endpoint` event (V-5).
Task<Result<Opened>> try_oldest(HttpTarget target, Parts parts, std::string said) {
  const std::string url = target.url;
  auto opened = co_await open_oldest(std::move(target), parts);
  if (opened) co_return opened;
  const Errc code = opened.error().code;
  // The stream itself was there, or nobody can say.
  if (code == Errc::policy || code == Errc::unsupported || code == Errc::server_error ||
      code == Errc::unavailable || code == Errc::cancelled) {
    co_return opened;
  }
  co_return std::unexpected(no_known_transport(url, said, opened.error()));
}

Task<Result<Opened>> open_legacy(HttpTarget target, Parts parts) {
  const auto session = std::make_shared<LegacySession>(target, parts);
  auto handshake = co_await session->initialize();
  if (!handshake) {
    if (handshake.error().code == Errc::rejected && may_be_the_oldest(session->last_status())) {
      co_return co_await try_oldest(std::move(target), parts, handshake.error().detail);
    }
    co_return std::unexpected(handshake.error());
  }
  Opened opened;
  if (auto* refusal = std::get_if<mcp::HttpRefusal>(&*handshake)) {
    opened.refusal = std::move(*refusal);
    co_return opened;
  }
  if (const auto* error = std::get_if<mcp::RpcError>(&*handshake)) {
    const auto version = mcp::choose_modern_version(supported_versions(*error));
    if (mcp::is_modern_error(error->code) && version) {
      co_return opened_modern(std::move(target), parts, modern_info(*version));
    }
    std::string said = quote_remote(error->message);
    if (may_be_the_oldest(session->last_status()) && !mcp::is_modern_error(error->code)) {
      co_return co_await try_oldest(std::move(target), parts, std::move(said));
    }
    co_return fail(Errc::unsupported, fmt::format("{} refuses `initialize`: {}", target.url, said));
  }
  opened.verdict = {mcp::Era::legacy, session->info().protocol_version};
  opened.peer = std::make_unique<LegacyHttpPeer>(session);
  co_return opened;
}

}  // namespace

Task<Result<Opened>> open_http(HttpTarget target, Parts parts) {
  if (target.known && target.known->era == mcp::Era::modern) {
    std::string version = target.known->protocol_version;
    if (!mcp::is_modern_version(version)) version = mcp::kModernVersion;
    co_return opened_modern(std::move(target), parts, modern_info(std::move(version)));
  }
  if (target.known && target.known->transport == HttpTransport::http_with_sse) {
    auto opened = co_await open_oldest(target, parts);
    // Refused outright: the server may have moved on, so it is probed anew.
    if (opened || opened.error().code != Errc::rejected) co_return opened;
  } else if (target.known) {
    co_return co_await open_legacy(std::move(target), parts);
  }

  std::string version(mcp::kModernVersion);
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto verdict = co_await probe_http(target, parts, version);
    if (!verdict) co_return std::unexpected(verdict.error());
    if (auto* modern = std::get_if<era_probe::Modern>(&*verdict)) {
      co_return opened_modern(std::move(target), parts, std::move(modern->info));
    }
    if (auto* inconclusive = std::get_if<era_probe::Inconclusive>(&*verdict)) {
      co_return std::unexpected(inconclusive->error);
    }
    if (std::holds_alternative<era_probe::Legacy>(*verdict)) {
      co_return co_await open_legacy(std::move(target), parts);
    }
    if (auto* refused = std::get_if<era_probe::Refused>(&*verdict)) {
      if (target.fixed_credential && refused->refusal.status == 401) {
        auto legacy = co_await open_legacy(target, parts);
        if (legacy && legacy->peer) co_return legacy;
      }
      Opened opened;
      opened.refusal = std::move(refused->refusal);
      co_return opened;
    }
    version = std::get<era_probe::RetryVersion>(*verdict).version;
  }
  co_return fail(
      Errc::protocol,
      fmt::format("{} refuses protocol version {} and names it as supported", target.url, version));
}

}  // namespace gatehouse::mcp_client
