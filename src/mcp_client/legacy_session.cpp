#include "mcp_client/legacy_session.hpp"

#include <fmt/format.h>

#include "async/cancellable.hpp"
#include "async/timer.hpp"
#include "http/message.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/error_codes.hpp"
#include "mcp/versions.hpp"
#include "mcp_client/event_reader.hpp"
#include "mcp_client/incoming.hpp"
#include "mcp_client/outgoing.hpp"

namespace gatehouse::mcp_client {
namespace {

using namespace std::chrono_literals;

constexpr auto kListenHead = 30s;        // until the head of the GET stream
constexpr auto kListenIdle = 1h;         // without a byte, not even a comment
constexpr auto kListenWait = 1s;         // how long a first request waits for that head
constexpr auto kListenRetry = 1000ms;    // unless the server says otherwise
constexpr auto kListenRetryMin = 500ms;  // whatever the server says
constexpr auto kListenRetryMax = 30000ms;
constexpr auto kListenLasting = 30s;  // a stream that lived so long was no failure
constexpr int kListenFailures = 5;    // in a row, then the session goes on without a GET stream
constexpr auto kCloseTimeout = 2s;

Task<Result<bool>> slept(std::chrono::milliseconds duration) {
  co_await sleep_for(duration);
  co_return true;
}

/// Session ids are visible ASCII (O-2); anything else must not get into a header.
bool is_session_id(std::string_view id) {
  return !id.empty() && id.size() <= 1024 &&
         std::ranges::all_of(id, [](char c) { return c > 0x20 && c < 0x7F; });
}

/// Says nothing about whether there is a GET stream.
bool is_passing(int status) {
  return status >= 500 || status == 401 || status == 408 || status == 429;
}

}  // namespace

Task<bool> pause(std::chrono::milliseconds duration, CancelSource* cancel) {
  if (cancel == nullptr) {
    co_await sleep_for(duration);
    co_return true;
  }
  co_return (co_await unless_cancelled(*cancel, slept(duration))).has_value();
}

LegacySession::LegacySession(HttpTarget target, Parts parts)
    : endpoint_(std::move(target), parts),
      client_info_(make_client_info(endpoint_.target().client)),
      changed_(parts.tasks.executor()),
      calls_({endpoint_.target().url, endpoint_.target().capabilities,
              endpoint_.target().interaction, endpoint_.target().notifications},
             parts) {}

http::Headers LegacySession::headers() const {
  http::Headers headers;
  // The first two revisions do not know the header yet (§13.3).
  if (!info_.protocol_version.empty() && info_.protocol_version != "2025-03-26" &&
      info_.protocol_version != mcp::kOldestVersion) {
    headers.add(mcp::kHeaderProtocolVersion, info_.protocol_version);
  }
  if (!session_id_.empty()) headers.add(mcp::kHeaderSessionId, session_id_);
  return headers;
}

/// A server should answer with a revision of its own (O-1); some refuse what they do not know. No
/// session has come of it, so asking again does no harm.
bool LegacySession::refuses_version(const Result<Handshake>& handshake) const {
  if (!handshake) return handshake.error().code == Errc::rejected && last_status_ == 400;
  const auto* error = std::get_if<mcp::RpcError>(&*handshake);
  return error != nullptr && !mcp::is_modern_error(error->code) && last_status_ != 404 &&
         last_status_ != 405;
}

Task<Result<LegacySession::Handshake>> LegacySession::initialize() {
  auto first = co_await ask(asked_for_);
  if (!refuses_version(first)) co_return first;
  const int status = last_status_;
  auto version = std::ranges::find(mcp::kLegacyVersions, asked_for_);
  while (++version != mcp::kLegacyVersions.end()) {
    auto next = co_await ask(*version);
    if (!next && next.error().code != Errc::rejected) co_return next;
    if (next && !std::holds_alternative<mcp::RpcError>(*next)) {
      asked_for_ = *version;
      co_return next;
    }
  }
  last_status_ = status;
  co_return first;  // it was not the version
}

Task<Result<LegacySession::Handshake>> LegacySession::ask(std::string_view version) {
  session_id_.clear();
  info_ = {};
  const std::int64_t id = next_id();
  std::string body =
      make_initialize(id, version, endpoint_.target().capabilities.raw, client_info_);
  auto reply =
      co_await endpoint_.post(std::move(body), http::Headers(), limits::kListTimeout, nullptr);
  if (!reply) co_return std::unexpected(reply.error());
  last_status_ = reply->status;
  if (auto refusal = refusal_of(*reply)) co_return Handshake(std::move(*refusal));
  std::string answer;
  if (reply->stream) {
    http::Reply streamed;
    streamed.stream = std::move(reply->stream);
    auto read = co_await read_handshake(std::move(streamed), id);
    if (!read) co_return std::unexpected(read.error());
    answer = std::move(*read);
  } else {
    answer = reply->body;
  }
  auto handshake = on_handshake(*reply, answer, id);
  if (!handshake || !std::holds_alternative<ServerInfo>(*handshake)) co_return handshake;
  info_ = std::get<ServerInfo>(*handshake);
  ++generation_;
  auto noted = co_await endpoint_.post(jsonrpc::make_notification("notifications/initialized"),
                                       headers(), limits::kListTimeout, nullptr);
  if (!noted) co_return std::unexpected(noted.error());
  if (auto refusal = refusal_of(*noted)) co_return Handshake(std::move(*refusal));
  co_return handshake;
}

Task<Result<std::string>> LegacySession::read_handshake(http::Reply reply, std::int64_t id) {
  EventReader reader(std::move(reply.stream));
  const Clock& clock = endpoint_.parts().clock;
  const CallDeadline deadline(clock.steady_now(), limits::kListTimeout);
  while (!deadline.expired(clock.steady_now())) {
    auto step = co_await reader.next(deadline.remaining(clock.steady_now()));
    if (!step) co_return std::unexpected(step.error());
    if (step->event && !step->event->data.empty()) {
      const auto message = jsonrpc::prove(step->event->data);
      if (message && is_id(message->id, id)) co_return std::move(step->event->data);
    }
    if (step->ended) break;
  }
  co_return std::unexpected(no_answer_error("initialize", limits::kListTimeout));
}

Result<LegacySession::Handshake> LegacySession::on_handshake(const http::Reply& reply,
                                                             std::string_view body,
                                                             std::int64_t id) {
  const std::string& url = endpoint_.target().url;
  const auto message = jsonrpc::prove(body);
  if (message && message->kind == jsonrpc::MessageKind::error) {
    if (auto error = rpc_error_of(body)) return Handshake(std::move(*error));
  }
  if (reply.status / 100 != 2) return std::unexpected(status_error(reply.status, body, url));
  if (!message || message->kind != jsonrpc::MessageKind::result || !is_id(message->id, id)) {
    return fail(Errc::protocol, fmt::format("{} did not answer `initialize` as MCP demands", url));
  }
  const std::string version = message->string_member("protocolVersion").value_or("");
  // Some servers say 2024-11-05 over the newer transport, whatever they are asked.
  if (!mcp::is_legacy_version(version) && version != mcp::kOldestVersion) {
    return fail(Errc::unsupported, fmt::format("{} speaks protocol version {}, which we do not",
                                               url, quote_remote(version, 40)));
  }
  if (const auto session = reply.headers.find(mcp::kHeaderSessionId)) {
    if (!is_session_id(*session)) {
      return fail(Errc::protocol, "the server's session id is not visible ASCII");
    }
    session_id_ = *session;
  }
  return Handshake(parse_server_info(message->result, mcp::Era::legacy, version));
}

Task<Result<LegacySession::Handshake>> LegacySession::renew(std::uint64_t generation) {
  const bool waited = renewing_;
  while (renewing_) co_await changed_.wait();
  if (generation_ != generation) co_return Handshake(info_);
  if (waited && last_renewal_) co_return *last_renewal_;  // it failed: not once more for each
  renewing_ = true;
  last_renewal_.reset();
  const std::shared_ptr<void> ended(nullptr, [this](void*) {
    renewing_ = false;
    changed_.notify_all();
  });
  endpoint_.parts().log.info("mcp_session_renewed", {{"url", endpoint_.target().url}});
  auto handshake = co_await initialize();
  if (handshake && std::holds_alternative<ServerInfo>(*handshake)) listen();
  last_renewal_ = handshake;
  co_return handshake;
}

Task<> LegacySession::send_answer(std::string body) {
  const auto sent =
      co_await endpoint_.post(std::move(body), headers(), limits::kListTimeout, nullptr);
  if (!sent) {
    endpoint_.parts().log.warn("mcp_answer_not_sent", {{"reason", sent.error().detail}});
  }
}

void LegacySession::give_up(std::int64_t id, std::string reason) {
  endpoint_.parts().tasks.spawn("mcp_cancel",
                                post_quietly(shared_from_this(), make_cancelled(id, reason)));
}

Task<> LegacySession::post_quietly(std::shared_ptr<LegacySession> self, std::string body) {
  const auto sent =
      co_await self->endpoint_.post(std::move(body), self->headers(), kCloseTimeout, nullptr);
  if (!sent) {
    self->endpoint_.parts().log.debug("mcp_note_not_sent", {{"reason", sent.error().detail}});
  }
}

void LegacySession::listen() {
  stop();
  listen_answered_ = deaf_ = lost_ = false;
  listening_ = std::make_shared<CancelSource>();
  endpoint_.parts().tasks.spawn("mcp_listen", run_listen(shared_from_this(), listening_));
}

Task<> LegacySession::listening() {
  if (listen_answered_ || !listening_) co_return;
  (void)co_await with_timeout<bool>(kListenWait, wait_for_listen(shared_from_this()), "the GET");
  listen_answered_ = true;
}

Task<Result<bool>> LegacySession::wait_for_listen(std::shared_ptr<LegacySession> self) {
  while (!self->listen_answered_) co_await self->changed_.wait();
  co_return true;
}

void LegacySession::stop() {
  if (listening_) listening_->cancel();
  listening_.reset();
}

Task<> LegacySession::close() {
  stop();
  if (session_id_.empty()) co_return;
  const auto ended = co_await endpoint_.erase(headers(), kCloseTimeout);
  session_id_.clear();
  if (!ended) {
    endpoint_.parts().log.debug("mcp_session_not_deleted", {{"reason", ended.error().detail}});
  }
}

Task<> LegacySession::run_listen(std::shared_ptr<LegacySession> self,
                                 std::shared_ptr<CancelSource> stop) {
  std::string last_event_id;
  std::chrono::milliseconds retry = kListenRetry;
  int failures = 0;
  bool offered = false;
  const Clock& clock = self->endpoint_.parts().clock;
  while (!stop->cancelled()) {
    http::Headers headers = self->headers();
    if (!last_event_id.empty()) headers.add("Last-Event-ID", last_event_id);
    auto reply = co_await self->endpoint_.get(std::move(headers), kListenHead, stop.get());
    self->listen_answered_ = true;
    self->changed_.notify_all();
    bool progressed = false;
    if (reply && reply->stream) {
      offered = true;
      const SteadyTime opened = clock.steady_now();
      progressed = co_await self->read_listen(std::move(*reply), *stop, last_event_id, retry);
      progressed = progressed || clock.steady_now() - opened >= kListenLasting;
    } else if (reply && !is_passing(reply->status)) {
      // 405: the server offers no such stream (O-3). 404 after it did: the session is gone (O-2).
      self->lost_ = offered && reply->status == 404 && !stop->cancelled();
      co_return;
    }
    failures = progressed ? 0 : failures + 1;
    if (failures >= kListenFailures) {
      self->deaf_ = offered && !stop->cancelled();
      co_return;
    }
    const auto backoff =
        std::min<std::chrono::milliseconds>(retry * (1 << failures) / 2, kListenRetryMax);
    co_await pause(std::max(retry, backoff), stop.get());
  }
}

Task<bool> LegacySession::read_listen(http::Reply reply, CancelSource& stop,
                                      std::string& last_event_id,
                                      std::chrono::milliseconds& retry) {
  EventReader reader(std::move(reply.stream));
  bool progressed = false;
  while (!stop.cancelled()) {
    auto step = co_await reader.next(kListenIdle);
    if (!step) break;
    if (step->event) {
      progressed = true;
      if (!step->event->data.empty()) on_listened(step->event->data);
    }
    if (step->ended) break;
  }
  if (!reader.last_event_id().empty()) last_event_id = reader.last_event_id();
  retry = std::clamp<std::chrono::milliseconds>(reader.retry().value_or(retry), kListenRetryMin,
                                                kListenRetryMax);
  co_return progressed;
}

void LegacySession::on_listened(std::string_view data) {
  const auto messages = jsonrpc::prove_batch(data);
  if (!messages) {
    endpoint_.parts().log.warn("mcp_event_unreadable", {{"reason", messages.error().detail}});
    return;
  }
  for (const jsonrpc::Message& message : *messages) {
    if (message.kind == jsonrpc::MessageKind::notification) {
      calls_.on_notification(message, nullptr);
    } else if (message.kind == jsonrpc::MessageKind::request) {
      calls_.on_request(message, nullptr, shared_from_this());
    }
  }
}

}  // namespace gatehouse::mcp_client
