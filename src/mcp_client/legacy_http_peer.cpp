#include "mcp_client/legacy_http_peer.hpp"

#include <fmt/format.h>

#include "mcp_client/event_reader.hpp"
#include "mcp_client/incoming.hpp"
#include "mcp_client/outgoing.hpp"

namespace gatehouse::mcp_client {
namespace {

using namespace std::chrono_literals;

constexpr auto kResumeRetry = 1000ms;    // unless the server says otherwise
constexpr auto kResumeRetryMin = 100ms;  // whatever the server says
constexpr auto kResumeRetryMax = 30000ms;
constexpr int kResumptions = 10;  // in a row without a single event

bool is_cancelled(const mcp::Request& request) {
  return request.cancel != nullptr && request.cancel->cancelled();
}

std::unexpected<Error> cancelled() {
  return fail(Errc::cancelled, "the request was cancelled");
}

bool names_unknown_method(std::string_view body) {
  const auto error = rpc_error_of(body);
  return error && error->code == jsonrpc::kMethodNotFound;
}

std::unexpected<Error> lost(std::string_view method, std::string_view how) {
  return fail(Errc::outcome_unknown,
              fmt::format("the server's answer to {} was lost: {}", method, how));
}

}  // namespace

LegacyHttpPeer::LegacyHttpPeer(std::shared_ptr<LegacySession> session)
    : session_(std::move(session)),
      following_(session_->endpoint().parts().tasks.executor()),
      told_generation_(session_->generation()) {
  session_->listen();
}

LegacyHttpPeer::~LegacyHttpPeer() {
  session_->stop();
}

Task<> LegacyHttpPeer::close() {
  alive_ = false;
  co_await session_->close();
}

Task<Result<mcp::Answer>> LegacyHttpPeer::request(mcp::Request request, Interaction* interaction) {
  co_await session_->listening();
  if (is_cancelled(request)) co_return cancelled();
  const std::uint64_t generation = session_->generation();
  auto answer = co_await call_once(request, interaction);
  if (answer || answer.error().code != Errc::session_lost) co_return answer;
  // 404 says that the request was not processed: repeating it is safe (O-2).
  auto refusal = co_await renew(generation);
  if (!refusal) co_return std::unexpected(refusal.error());
  if (*refusal) co_return std::move(**refusal);
  if (is_cancelled(request)) co_return cancelled();
  co_return co_await call_once(request, interaction);
}

Task<Result<Followed>> LegacyHttpPeer::follow(mcp::Interest interest) {
  if (session_->is_lost()) {
    auto refusal = co_await renew(session_->generation());
    if (!refusal) co_return std::unexpected(refusal.error());
    if (*refusal) co_return Followed(std::move(**refusal));
  } else if (!session_->hears()) {
    session_->listen();
  }
  co_await session_->listening();
  co_return co_await following_.follow(*this, std::move(interest));
}

Task<Result<std::optional<mcp::HttpRefusal>>> LegacyHttpPeer::renew(std::uint64_t generation) {
  auto renewed = co_await session_->renew(generation);
  if (!renewed) {
    alive_ = false;
    co_return fail(Errc::session_lost,
                   fmt::format("the server forgot our session, and a new one failed: {}",
                               renewed.error().detail));
  }
  if (auto* refusal = std::get_if<mcp::HttpRefusal>(&*renewed)) co_return std::move(*refusal);
  if (auto* error = std::get_if<mcp::RpcError>(&*renewed)) {
    alive_ = false;
    co_return fail(Errc::session_lost, fmt::format("the server refuses a new session: {}",
                                                   quote_remote(error->message)));
  }
  // Whoever comes first tells the new session what the old one was told.
  if (told_generation_ != session_->generation()) {
    told_generation_ = session_->generation();
    co_await following_.restore(*this);
  }
  co_return std::nullopt;
}

Task<Result<mcp::Answer>> LegacyHttpPeer::call_once(const mcp::Request& request,
                                                    Interaction* interaction) {
  const CallDeadline deadline(session_->endpoint().parts().clock.steady_now(), request.timeout);
  const auto call =
      std::make_shared<ActiveCall>(session_->next_id(), interaction, request.sink, deadline);
  call->firm = request.firm_timeout;
  session_->calls().enter(call);
  const std::shared_ptr<void> left(nullptr,
                                   [this, &call](void*) { session_->calls().leave(call); });
  CancelSource::Registration registration;
  CancelSource silence;
  if (request.cancel != nullptr) {
    registration = request.cancel->on_cancel([session = session_, id = call->id, &silence] {
      session->give_up(id, "the request was cancelled");
      silence.cancel();
    });
  }
  // The server may ask on the GET stream before it begins to answer; then the person's time counts
  // for nothing, which no fixed timeout of the POST knows.
  const bool may_ask = may_ask_person(request, interaction);
  if (may_ask)
    session_->endpoint().parts().tasks.spawn("mcp_deadline", watch(session_, call, silence));
  auto answer = co_await send(request, call, may_ask ? &silence : request.cancel);
  if (may_ask && !answer && answer.error().code == Errc::cancelled && !is_cancelled(request)) {
    session_->give_up(call->id, "no answer in time");
    answer = std::unexpected(no_answer_error(request.method, request.timeout));
  }
  registration.reset();
  session_->calls().leave(call);
  co_await session_->calls().settle(call);
  if (!answer) co_return answer;
  co_return ActiveCalls::judge(std::move(*answer), *call);
}

/// `silence` lives until the call is left.
Task<> LegacyHttpPeer::watch(std::shared_ptr<LegacySession> session, ActiveCallPtr call,
                             CancelSource& silence) {
  const Clock& clock = session->endpoint().parts().clock;
  while (co_await pause(call->remaining(clock.steady_now()), &call->over)) {
    // It may have ended in the turn of the loop in which the time was up; then `silence` is gone.
    if (call->over.cancelled()) co_return;
    if (!call->expired(clock.steady_now())) continue;
    silence.cancel();
    co_return;
  }
}

Task<Result<mcp::Answer>> LegacyHttpPeer::send(const mcp::Request& request,
                                               const ActiveCallPtr& call, CancelSource* cancel) {
  const Clock& clock = session_->endpoint().parts().clock;
  Outgoing out = make_legacy_body(request, call->id);
  // Where watch() keeps the time, the connection's own patience must not be shorter.
  const std::chrono::milliseconds timeout =
      cancel != request.cancel ? limits::kCallTimeoutMax : call->remaining(clock.steady_now());
  auto reply =
      co_await session_->endpoint().post(std::move(out.body), session_->headers(), timeout, cancel);
  if (!reply) {
    if (reply.error().code == Errc::timeout) session_->give_up(call->id, "no answer in time");
    co_return std::unexpected(reply.error());
  }
  if (auto refusal = refusal_of(*reply)) co_return std::move(*refusal);
  if (reply->stream) {
    co_return co_await read_streams(request, call, std::move(*reply), cancel);
  }
  co_return on_body(request, call, std::move(*reply));
}

Result<mcp::Answer> LegacyHttpPeer::on_body(const mcp::Request& request, const ActiveCallPtr& call,
                                            http::Reply reply) {
  const std::string& url = session_->endpoint().target().url;
  if (reply.status / 100 == 2) {
    auto answer = take_messages(call, std::move(reply.body));
    if (!answer) return std::unexpected(answer.error());
    if (*answer) return std::move(**answer);
    return fail(Errc::protocol, fmt::format("{} answered HTTP {} without an answer to {}", url,
                                            reply.status, request.method));
  }
  const auto message = jsonrpc::prove(reply.body);
  const bool is_error = message && message->kind == jsonrpc::MessageKind::error;
  const bool ours = is_error && is_id(message->id, call->id);
  // 404 is the rule (O-2), with or without the request's id, unless it names an unknown method as
  // modern servers do; servers built on the SDK's examples answer 400 without an id.
  const bool forgotten = reply.status == 404 ? !(ours && names_unknown_method(reply.body))
                                             : reply.status == 400 && is_error && !ours;
  if (forgotten && session_->has_session_id()) {
    return fail(Errc::session_lost, "the server does not know our session");
  }
  if (ours || (is_error && reply.status < 500)) return to_answer(*message, std::move(reply.body));
  return std::unexpected(status_error(reply.status, reply.body, url));
}

Task<Result<mcp::Answer>> LegacyHttpPeer::read_streams(const mcp::Request& request,
                                                       const ActiveCallPtr& call, http::Reply reply,
                                                       CancelSource* cancel) {
  const Clock& clock = session_->endpoint().parts().clock;
  std::string last_event_id;
  std::chrono::milliseconds retry = kResumeRetry;
  auto reader = std::make_unique<EventReader>(std::move(reply.stream));
  for (int fruitless = 0; fruitless < kResumptions;) {
    if (reader) {
      auto answer = co_await read_stream(request, call, *reader, cancel);
      if (!answer) co_return std::unexpected(answer.error());
      if (*answer) co_return std::move(**answer);
      if (!reader->last_event_id().empty() && reader->last_event_id() != last_event_id) {
        last_event_id = reader->last_event_id();
        fruitless = 0;
      }
      retry = std::clamp<std::chrono::milliseconds>(reader->retry().value_or(retry),
                                                    kResumeRetryMin, kResumeRetryMax);
      reader.reset();
    }
    if (last_event_id.empty()) {
      co_return lost(request.method, "the stream ended, and it cannot be resumed");
    }
    ++fruitless;
    if (!co_await pause(retry, cancel)) co_return cancelled();
    if (call->expired(clock.steady_now())) break;
    http::Headers headers = session_->headers();
    headers.add("Last-Event-ID", last_event_id);
    auto resumed = co_await session_->endpoint().get(std::move(headers),
                                                     call->remaining(clock.steady_now()), cancel);
    if (!resumed) {
      if (resumed.error().code == Errc::cancelled) co_return cancelled();
      continue;
    }
    if (resumed->stream) {
      reader = std::make_unique<EventReader>(std::move(resumed->stream));
    } else if (resumed->status < 500) {
      co_return lost(request.method,
                     fmt::format("resuming it was answered HTTP {}", resumed->status));
    }
  }
  session_->give_up(call->id, "no answer in time");
  co_return lost(request.method, "the stream could not be resumed in time");
}

Task<Result<std::optional<mcp::Answer>>> LegacyHttpPeer::read_stream(const mcp::Request& request,
                                                                     const ActiveCallPtr& call,
                                                                     EventReader& reader,
                                                                     CancelSource* cancel) {
  const Clock& clock = session_->endpoint().parts().clock;
  const bool watched = cancel != request.cancel;
  while (true) {
    auto step = co_await reader.next(watched ? limits::kCallTimeoutMax
                                             : call->remaining(clock.steady_now()));
    if (is_cancelled(request)) co_return cancelled();
    const bool silent = !step && step.error().code == Errc::timeout;
    if (silent || call->expired(clock.steady_now())) {
      session_->give_up(call->id, "no answer in time");
      co_return std::unexpected(no_answer_error(request.method, request.timeout));
    }
    if (!step) {
      if (step.error().code == Errc::outcome_unknown) co_return std::nullopt;  // broken: resume
      co_return std::unexpected(step.error());
    }
    if (step->event && !step->event->data.empty()) {
      auto answer = take_messages(call, std::move(step->event->data));
      if (!answer || *answer) co_return answer;
    }
    if (step->ended) co_return std::nullopt;
  }
}

Result<std::optional<mcp::Answer>> LegacyHttpPeer::take_messages(const ActiveCallPtr& call,
                                                                 std::string bytes) {
  const auto messages = jsonrpc::prove_batch(bytes);
  if (!messages) {
    return fail(Errc::protocol,
                fmt::format("the server's message cannot be used: {}", messages.error().detail));
  }
  const jsonrpc::Message* answer = nullptr;
  for (const jsonrpc::Message& message : *messages) {
    switch (message.kind) {
      case jsonrpc::MessageKind::notification:
        session_->calls().on_notification(message, call);
        break;
      case jsonrpc::MessageKind::request:
        session_->calls().on_request(message, call, session_);
        break;
      case jsonrpc::MessageKind::result:
        if (is_id(message.id, call->id)) answer = &message;
        break;
      case jsonrpc::MessageKind::error:
        if (is_id(message.id, call->id) || message.id.empty()) answer = &message;
        break;
    }
  }
  if (answer == nullptr) return std::nullopt;
  return std::optional<mcp::Answer>(to_answer(*answer, std::move(bytes)));
}

}  // namespace gatehouse::mcp_client
