// GET on the endpoint: the streams of a legacy session (reference O-3, O-4). Without Last-Event-ID
// it listens to what belongs to no request; with one it goes on where a stream was lost.
#include "base/encoding.hpp"
#include "mcp/versions.hpp"
#include "mcp_server/envelope.hpp"
#include "mcp_server/http_state.hpp"

namespace gatehouse::mcp_server {
namespace {

constexpr std::string_view kHeaderLastEventId = "Last-Event-ID";

Reply::Failure refused(std::string text) {
  return {jsonrpc::kInvalidRequest, std::move(text), {}, 0};
}

}  // namespace

Task<> HttpEndpoint::State::get(http::Exchange& exchange, CallerPtr caller) {
  const http::Headers& headers = exchange.request().headers;
  if (!parse_accept(headers).events) {
    co_return co_await refuse(exchange, 406, {}, refused("Accept must allow text/event-stream"));
  }
  const bool old = settings.old_transport == OldTransport::served &&
                   !headers.contains(mcp::kHeaderSessionId) &&
                   !headers.contains(mcp::kHeaderProtocolVersion);
  if (old) co_return co_await open_old_stream(exchange, std::move(caller));
  std::shared_ptr<Session> session = co_await find_session(exchange, *caller, {});
  if (!session) co_return;
  if (ended) {
    co_return co_await refuse(exchange, 503, {}, refused("the server is shutting down"));
  }
  if (const auto last = headers.find(kHeaderLastEventId)) {
    co_return co_await resume(exchange, std::move(session), trim_ows(*last));
  }
  co_await listen_in(exchange, std::move(session));
}

Task<> HttpEndpoint::State::resume(http::Exchange& exchange, std::shared_ptr<Session> session,
                                   std::string_view last) {
  const std::optional<EventId> id = parse_event_id(last);
  if (!id || id->stream >= session->next_stream) {
    co_return co_await refuse(exchange, 400, {}, refused("Last-Event-ID is none of this session"));
  }
  replay.expire();
  const ReplayLog::Rest missed = session->log().after(*id);
  std::shared_ptr<SessionStream> stream = session->find_stream(id->stream);
  if (!stream && !missed.complete) {
    co_return co_await refuse(
        exchange, 410, {},
        refused("what followed that event is not kept any more (kReplayEvents, kReplayBytes, "
                "kReplayAge); send the request again"));
  }
  const auto outlet = std::make_shared<EventStream>(exchange, keep_alive);
  if (stream) {
    stream->resume(outlet, missed);
  } else {
    SessionStream::replay(*outlet, missed);
    outlet->end({});
  }
  co_await outlet->serve();
}

Task<> HttpEndpoint::State::listen_in(http::Exchange& exchange, std::shared_ptr<Session> session) {
  session->make_listening_room();
  const auto stream = std::make_shared<SessionStream>(*session, SessionStream::Kind::listening);
  session->streams.push_back(stream);
  const auto outlet = std::make_shared<EventStream>(exchange, keep_alive);
  stream->attach(outlet);
  // In a task of its own: the service may take long, and the client may leave meanwhile.
  tasks.spawn("session_follow", follow(service, session, logger));
  co_await outlet->serve();
}

Task<> HttpEndpoint::State::follow(Service& service, std::shared_ptr<Session> session,
                                   Logger& logger) {
  co_await session->following.start(service, session, logger);
}

}  // namespace gatehouse::mcp_server
