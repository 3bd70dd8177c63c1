// open_stdio(): the probe in a throw-away process, then the real one.
#include <fmt/format.h>

#include "async/timer.hpp"
#include "mcp/error_codes.hpp"
#include "mcp/versions.hpp"
#include "mcp_client/connect.hpp"
#include "mcp_client/era_probe.hpp"
#include "mcp_client/incoming.hpp"
#include "mcp_client/line_carrier.hpp"
#include "mcp_client/link_handshake.hpp"
#include "mcp_client/outgoing.hpp"
#include "mcp_client/stdio_peer.hpp"

namespace gatehouse::mcp_client {
namespace {

Task<> close_channel(std::unique_ptr<jsonrpc::LineChannel> channel) {
  co_await channel->close();
}

/// Closes the channel politely in the background, also when whoever opened it is cancelled.
class ClosedAtLast final {
 public:
  ClosedAtLast(std::unique_ptr<jsonrpc::LineChannel> channel, TaskGroup& tasks)
      : channel_(std::move(channel)), tasks_(tasks) {}
  ~ClosedAtLast() { tasks_.spawn("mcp_probe_close", close_channel(std::move(channel_))); }
  ClosedAtLast(const ClosedAtLast&) = delete;
  ClosedAtLast& operator=(const ClosedAtLast&) = delete;
  jsonrpc::LineChannel& operator*() const { return *channel_; }

 private:
  std::unique_ptr<jsonrpc::LineChannel> channel_;
  TaskGroup& tasks_;
};

/// The same for a link, unless the opening succeeds.
class ClosedUnlessKept final {
 public:
  explicit ClosedUnlessKept(std::shared_ptr<MessageLink> link) : link_(std::move(link)) {}
  ~ClosedUnlessKept() {
    if (link_) link_->close_later();
  }
  ClosedUnlessKept(const ClosedUnlessKept&) = delete;
  ClosedUnlessKept& operator=(const ClosedUnlessKept&) = delete;
  MessageLink& operator*() const { return *link_; }
  std::shared_ptr<MessageLink> keep() { return std::move(link_); }

 private:
  std::shared_ptr<MessageLink> link_;
};

/// Sends the probe and reads up to its answer. Nothing when the process ends first.
Task<Result<std::optional<era_probe::Verdict>>> ask(jsonrpc::LineChannel& channel,
                                                    std::string line) {
  if (auto sent = co_await channel.write_line(line); !sent) co_return std::nullopt;
  while (true) {
    auto answer = co_await channel.read_line();
    if (!answer || !*answer) co_return std::nullopt;
    const auto message = jsonrpc::prove(**answer);
    const bool answers = message && (message->kind == jsonrpc::MessageKind::result ||
                                     message->kind == jsonrpc::MessageKind::error);
    if (answers) co_return era_probe::judge_line(**answer);
  }
}

/// Some servers exit on any request before `initialize`: that must not cost us the real process.
Task<Result<era_probe::Verdict>> probe(const StdioTarget& target, const Parts& parts) {
  auto channel = co_await target.launcher->launch();
  if (!channel) co_return std::unexpected(channel.error());
  mcp::Request request;
  request.method = "server/discover";
  Outgoing out = make_modern_body(request, 0, mcp::kModernVersion, make_client_info(target.client),
                                  target.capabilities.raw);
  const ClosedAtLast closed(std::move(*channel), parts.tasks);
  auto verdict = co_await with_timeout(limits::kProbeTimeout, ask(*closed, std::move(out.body)),
                                       "server/discover");
  if (!verdict || !*verdict) co_return era_probe::Verdict(era_probe::Legacy{});
  co_return std::move(**verdict);
}

Opened opened_stdio(std::shared_ptr<MessageLink> link, ServerInfo info) {
  Opened opened;
  opened.verdict = {info.era, info.protocol_version};
  opened.peer = std::make_unique<StdioPeer>(std::move(link), std::move(info));
  return opened;
}

Task<Result<Opened>> open_legacy(std::shared_ptr<MessageLink> started) {
  ClosedUnlessKept link(std::move(started));
  // A package runner may have to fetch the server first.
  auto outcome = co_await initialize(*link, limits::kCallTimeout);
  if (!outcome) {
    Error error = outcome.error();
    if (error.code == Errc::unavailable && error.hint.empty()) {
      error.hint = "run the command by hand to see why";
    }
    co_return std::unexpected(std::move(error));
  }
  if (auto* info = std::get_if<ServerInfo>(&*outcome)) {
    co_return opened_stdio(link.keep(), std::move(*info));
  }
  const auto* error = std::get_if<mcp::RpcError>(&*outcome);
  if (error == nullptr) co_return fail(Errc::bug, "a process answered with an HTTP status");
  const auto version = mcp::choose_modern_version(supported_versions(*error));
  if (mcp::is_modern_error(error->code) && version) {
    ServerInfo info;
    info.era = mcp::Era::modern;
    info.protocol_version = *version;
    co_return opened_stdio(link.keep(), std::move(info));
  }
  co_return fail(Errc::unsupported,
                 fmt::format("{} refuses `initialize`: {}", (*link).settings().name,
                             quote_remote(error->message)));
}

}  // namespace

Task<Result<Opened>> open_stdio(StdioTarget target, Parts parts) {
  ServerInfo info;
  info.era = mcp::Era::legacy;
  if (target.known) {
    info.era = target.known->era;
    info.protocol_version = target.known->protocol_version;
    if (info.era == mcp::Era::modern && !mcp::is_modern_version(info.protocol_version)) {
      info.protocol_version = mcp::kModernVersion;
    }
  } else {
    auto verdict = co_await probe(target, parts);
    if (!verdict) co_return std::unexpected(verdict.error());
    if (auto* modern = std::get_if<era_probe::Modern>(&*verdict)) info = std::move(modern->info);
    if (auto* retry = std::get_if<era_probe::RetryVersion>(&*verdict)) {
      info.era = mcp::Era::modern;
      info.protocol_version = retry->version;
    }
    if (auto* inconclusive = std::get_if<era_probe::Inconclusive>(&*verdict)) {
      co_return std::unexpected(inconclusive->error);
    }
  }
  auto channel = co_await target.launcher->launch();
  if (!channel) co_return std::unexpected(channel.error());
  auto carrier = std::make_unique<LineCarrier>(std::move(*channel), target.command);
  LinkSettings settings{std::move(target.command),      std::move(target.client),
                        std::move(target.capabilities), target.interaction,
                        target.notifications,           std::move(target.owner)};
  const auto link = std::make_shared<MessageLink>(std::move(carrier), std::move(settings), parts);
  link->start();
  if (info.era == mcp::Era::modern) co_return opened_stdio(link, std::move(info));
  co_return co_await open_legacy(link);
}

}  // namespace gatehouse::mcp_client
