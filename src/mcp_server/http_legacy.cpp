// The legacy half of HttpEndpoint: 2025-11-25 and earlier, sessions opened by initialize (reference
// O-1 … O-8). Every request was authenticated anew before it gets here.
#include <fmt/format.h>

#include "async/timer.hpp"
#include "base/encoding.hpp"
#include "base/free_memory.hpp"
#include "mcp/capabilities.hpp"
#include "mcp/versions.hpp"
#include "mcp_server/envelope.hpp"
#include "mcp_server/http_state.hpp"
#include "mcp_server/run_service.hpp"

namespace gatehouse::mcp_server {
namespace {

using jsonrpc::JsonView;
using jsonrpc::MessageKind;

constexpr auto kReapEvery = std::chrono::minutes(1);
constexpr std::size_t kManySessions = 1000;  ///< when so many have gone, their memory goes too

Reply::Failure invalid(std::string message) {
  return {jsonrpc::kInvalidRequest, std::move(message), {}, 400};
}

/// V-4: a client that only knows initialize should learn which versions there are.
Reply::Failure modern_only(const jsonrpc::Message& message) {
  const auto requested = message.string_member("protocolVersion");
  Reply::Failure failure = unsupported_version(requested.value_or("unknown"));
  failure.message = "this server speaks 2026-07-28 only, which has no initialize";
  return failure;
}

}  // namespace

void on_client_message(const jsonrpc::Message& message, RunningCalls& calls, PendingAsks& asks) {
  if (message.kind == MessageKind::result || message.kind == MessageKind::error) {
    asks.on_answer(message);  // one that came too late is ignored (C-1)
  } else if (message.method == "notifications/cancelled") {
    calls.cancel(message.member("requestId"));
  }
}

/// Null when there is none; then the exchange has been answered.
Task<std::shared_ptr<Session>> HttpEndpoint::State::find_session(http::Exchange& exchange,
                                                                 const Caller& caller,
                                                                 std::string_view id) {
  const auto header = exchange.request().headers.find(mcp::kHeaderSessionId);
  if (!header) {
    const Reply::Failure failure =
        invalid("the Mcp-Session-Id header is missing; initialize first");
    co_await refuse(exchange, 400, std::string(id), failure);
    co_return nullptr;
  }
  std::shared_ptr<Session> session =
      sessions.find(trim_ows(*header), caller.identity, clock.steady_now());
  if (!session) {
    // Also for another caller's session: its existence is nobody's business.
    const Reply::Failure failure = invalid("unknown or expired session; initialize again");
    co_await refuse(exchange, 404, std::string(id), failure);
  }
  co_return session;
}

Task<> HttpEndpoint::State::legacy(http::Exchange& exchange, CallerPtr caller,
                                   jsonrpc::Message message) {
  if (settings.eras == Eras::modern_only) {
    co_return co_await refuse(exchange, 400, std::string(message.id), modern_only(message));
  }
  const bool first = message.kind == MessageKind::request && message.method == "initialize";
  if (first && !exchange.request().headers.contains(mcp::kHeaderSessionId)) {
    co_return co_await initialize(exchange, std::move(caller), message);
  }
  std::shared_ptr<Session> session = co_await find_session(exchange, *caller, message.id);
  if (!session) co_return;
  if (message.kind != MessageKind::request) {
    on_client_message(message, session->calls, session->asks);
    co_return co_await plain(exchange, 202, {});
  }
  HttpCall call(std::move(caller), std::move(session), std::move(message), transport_of(exchange));
  const Reply reply = co_await legacy_reply(call);
  co_await answer(exchange, call, reply);
}

Task<Reply> HttpEndpoint::State::legacy_reply(HttpCall& call) {
  if (auto wrong = call.parse()) co_return Reply{std::move(*wrong)};
  if (call.method() == "ping") co_return Reply{Reply::Result{}};
  if (call.method() == "initialize") {
    co_return Reply{invalid("this session is initialized already")};
  }
  if (call.method() == "server/discover") co_return Reply{unknown_method(call.method())};
  if (Following::is_about(call.method())) {
    const std::shared_ptr<Session> session = call.session();
    co_return co_await session->following.handle(service, session, call, logger);
  }
  co_return co_await run_service(service, call, logger);
}

Task<> HttpEndpoint::State::initialize(http::Exchange& exchange, CallerPtr caller,
                                       const jsonrpc::Message& message) {
  const auto requested = message.string_member("protocolVersion");
  const std::string_view declared = message.member("capabilities");
  auto capabilities = mcp::parse_client_capabilities(declared.empty() ? "{}" : declared);
  if (!requested || !capabilities) {
    const Reply::Failure failure{
        jsonrpc::kInvalidParams,
        requested ? capabilities.error().detail : "params.protocolVersion must be a string",
        {},
        0};
    co_return co_await refuse(exchange, 400, std::string(message.id), failure);
  }
  const ServerDescription description = co_await service.describe(*caller);
  const std::shared_ptr<Session> session = sessions.open(std::move(caller), clock.steady_now());
  if (!session) {
    const Reply::Failure failure{
        jsonrpc::kInternalError, "too many sessions; try again later", {}, 0};
    co_return co_await refuse(exchange, 503, std::string(message.id), failure);
  }
  session->version = mcp::negotiate_legacy_version(*requested);
  session->capabilities = std::move(*capabilities);
  if (!reaping) {
    reaping = true;
    tasks.spawn("reap_sessions", reap_sessions());
  }
  const std::string result = make_initialize_result(description, session->version);
  const std::string body = jsonrpc::make_result(message.id, result);
  const std::string_view piece = body;
  http::Headers headers = json_headers;
  headers.add(mcp::kHeaderSessionId, session->id);
  co_await exchange.respond(200, headers, std::span<const std::string_view>(&piece, 1));
}

Task<> HttpEndpoint::State::end_session(http::Exchange& exchange, CallerPtr caller) {
  const std::shared_ptr<Session> session = co_await find_session(exchange, *caller, {});
  if (!session) co_return;
  sessions.end(session);
  co_await plain(exchange, 204, {});
}

/// 2025-03-26 only (B-2). Requests are answered one after the other, in one array; they can neither
/// notify nor ask.
Task<> HttpEndpoint::State::legacy_batch(http::Exchange& exchange, CallerPtr caller) {
  auto messages = jsonrpc::prove_batch(exchange.request().body);
  if (!messages) {
    const bool json = messages.error().code == Errc::invalid_argument;
    const Reply::Failure failure{
        json ? jsonrpc::kInvalidRequest : jsonrpc::kParseError, messages.error().detail, {}, 400};
    co_return co_await refuse(exchange, 400, {}, failure);
  }
  const std::shared_ptr<Session> session = co_await find_session(exchange, *caller, {});
  if (!session) co_return;
  if (session->version != "2025-03-26") {
    const Reply::Failure failure = invalid("batches ended with 2025-03-26");
    co_return co_await refuse(exchange, 400, {}, failure);
  }
  HttpCall::Transport transport = transport_of(exchange);
  transport.accepts = {.json = true, .events = false};
  std::string answers;
  for (jsonrpc::Message& message : *messages) {
    if (message.kind != MessageKind::request) {
      on_client_message(message, session->calls, session->asks);
      continue;
    }
    HttpCall call(caller, session, std::move(message), transport);
    const bool full = answers.size() > limits::kUpstreamBodyBytes;
    const Reply reply = full ? Reply{invalid("the batch is too large (kUpstreamBodyBytes)")}
                             : co_await legacy_reply(call);
    answers += answers.empty() ? '[' : ',';
    if (const auto* result = std::get_if<Reply::Result>(&reply.value)) {
      const AnswerContext context{mcp::Era::legacy, call.id(), call.method(), {}, {}};
      answers += Answer(context, *result).text();
    } else if (const auto* failure = std::get_if<Reply::Failure>(&reply.value)) {
      answers += Answer(call.id(), *failure).text();
    } else {
      const auto& refusal = std::get<Reply::Refusal>(reply.value);
      answers += Answer(call.id(), invalid(refusal.message)).text();
    }
  }
  if (answers.empty()) co_return co_await plain(exchange, 202, {});
  answers += ']';
  const std::string_view piece = answers;
  co_await exchange.respond(200, json_headers, std::span<const std::string_view>(&piece, 1));
}

/// Runs while there are sessions, so that abandoned ones go even when nobody calls.
Task<> HttpEndpoint::State::reap_sessions() {
  std::size_t most = 0;
  while (sessions.size() != 0) {
    most = std::max(most, sessions.size());
    co_await sleep_for(std::min<Duration>(kReapEvery, settings.session_idle));
    sessions.reap(clock.steady_now());
    replay.expire();
    if (sessions.size() + kManySessions > most) continue;
    return_free_memory();
    most = sessions.size();
  }
  reaping = false;
}

}  // namespace gatehouse::mcp_server
