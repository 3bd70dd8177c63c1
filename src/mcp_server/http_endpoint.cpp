#include "mcp_server/http_endpoint.hpp"

#include "base/encoding.hpp"
#include "mcp/versions.hpp"
#include "mcp_server/envelope.hpp"
#include "mcp_server/http_state.hpp"

namespace gatehouse::mcp_server {
namespace {

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find_first_of("?#"));
}

/// Browsers send other media types across origins without asking first, so the type is demanded.
bool is_json(const http::Headers& headers) {
  const auto type = headers.find("Content-Type");
  return type && (*type == "application/json" || http::media_type(*type) == "application/json");
}

bool has_modern_version(const http::Headers& headers) {
  const auto version = headers.find(mcp::kHeaderProtocolVersion);
  return version && !mcp::is_legacy_version(trim_ows(*version));
}

Reply::Failure unreadable(const Error& error) {
  const bool json = error.code == Errc::invalid_argument;
  return {json ? jsonrpc::kInvalidRequest : jsonrpc::kParseError, error.detail, {}, 400};
}

}  // namespace

HttpEndpoint::State::State(Service& service_in, Authenticator& authenticator_in,
                           TaskGroup& tasks_in, Logger& logger_in, const Clock& clock_in,
                           EndpointSettings settings_in)
    : service(service_in),
      authenticator(authenticator_in),
      tasks(tasks_in),
      logger(logger_in),
      clock(clock_in),
      settings(std::move(settings_in)),
      replay(clock_in),
      sessions(tasks_in.executor(), settings, replay,
               [this](Session& session) { session.following.stop(service, session); }),
      keep_alive(tasks_in, settings.keep_alive) {}

HttpEndpoint::HttpEndpoint(Service& service, Authenticator& authenticator, TaskGroup& tasks,
                           Logger& logger, const Clock& clock, EndpointSettings settings)
    : state_(std::make_unique<State>(service, authenticator, tasks, logger, clock,
                                     std::move(settings))) {}

HttpEndpoint::~HttpEndpoint() {
  state_->sessions.end_all({});
}

Task<> HttpEndpoint::handle(http::Exchange& exchange) {
  auto decided = co_await state_->authenticator.authenticate(exchange);
  if (auto* refusal = std::get_if<http::Response>(&decided)) {
    co_await exchange.respond(std::move(*refusal));
    co_return;
  }
  co_await state_->handle(exchange, std::get<CallerPtr>(std::move(decided)));
}

Task<> HttpEndpoint::handle_as(http::Exchange& exchange, CallerPtr caller) {
  return state_->handle(exchange, std::move(caller));
}

std::size_t HttpEndpoint::sessions() const {
  return state_->sessions.size();
}

std::size_t HttpEndpoint::listeners() const {
  return state_->listeners.size();
}

void HttpEndpoint::end_sessions(std::string_view identity) {
  state_->sessions.end_all(identity);
  state_->end_listeners(identity);
  state_->end_old_streams(identity);
}

void HttpEndpoint::end_streams() {
  state_->ended = true;
  state_->end_listeners({});
  state_->end_old_streams({});
  state_->sessions.detach_all();
}

Task<> HttpEndpoint::State::plain(http::Exchange& exchange, int status, std::string_view text,
                                  http::Headers headers) {
  if (!text.empty()) headers.add("Content-Type", "text/plain");
  co_await exchange.respond(status, headers, std::span<const std::string_view>(&text, 1));
}

Task<> HttpEndpoint::State::refuse(http::Exchange& exchange, int status, std::string id,
                                   Reply::Failure failure) {
  const Answer answer(id, failure);
  co_await exchange.respond(status, json_headers, answer.pieces());
}

Task<> HttpEndpoint::State::handle(http::Exchange& exchange, CallerPtr caller) {
  const http::Request& request = exchange.request();
  if (!settings.path.empty() && path_of(request.target) != settings.path) {
    return plain(exchange, 404, "not found\n");
  }
  if (request.method == "POST") return post(exchange, std::move(caller));
  const bool legacy_delete = request.method == "DELETE" && settings.eras != Eras::modern_only &&
                             !has_modern_version(request.headers);
  if (legacy_delete) return end_session(exchange, std::move(caller));
  if (request.method == "GET" && settings.eras != Eras::modern_only &&
      !has_modern_version(request.headers)) {
    return get(exchange, std::move(caller));
  }
  const std::string_view allowed =
      settings.eras == Eras::modern_only ? "POST" : "GET, POST, DELETE";
  return plain(exchange, 405, "method not allowed\n", {{"Allow", allowed}});
}

/// Not a coroutine itself: on the path of a call each frame costs.
Task<> HttpEndpoint::State::post(http::Exchange& exchange, CallerPtr caller) {
  const http::Request& request = exchange.request();
  if (!is_json(request.headers)) {
    return plain(exchange, 415, "the body must be application/json\n");
  }
  if (request.target.find(kOldStreamQuery) != std::string::npos) {
    return take_old_message(exchange, std::move(caller));
  }
  const std::size_t first = request.body.find_first_not_of(" \t\r\n");
  if (settings.eras != Eras::modern_only && first != std::string::npos &&
      request.body[first] == '[') {
    return legacy_batch(exchange, std::move(caller));
  }
  auto message = jsonrpc::prove(request.body);
  if (!message) {
    return refuse(exchange, 400, jsonrpc::best_effort_id(request.body),
                  unreadable(message.error()));
  }
  if (classify(*message, request.headers.find(mcp::kHeaderProtocolVersion)) == mcp::Era::modern) {
    return modern(exchange, std::move(caller), std::move(*message));
  }
  return legacy(exchange, std::move(caller), std::move(*message));
}

HttpCall::Transport HttpEndpoint::State::transport_of(http::Exchange& exchange) {
  return {exchange, keep_alive, parse_accept(exchange.request().headers), settings.ask_timeout,
          settings.asks};
}

Task<> HttpEndpoint::State::answer(http::Exchange& exchange, HttpCall& call, const Reply& reply) {
  if (const auto* refusal = std::get_if<Reply::Refusal>(&reply.value)) {
    if (!call.streams()) {
      http::Response response = refusal->response;
      if (response.body.empty())
        response.body = Answer(call.id(), Reply::Failure{-32603, refusal->message, {}, 0}).text();
      co_return co_await exchange.respond(std::move(response));
    }
    const Answer late(call.id(), Reply::Failure{-32600, refusal->message, {}, 0});
    co_return co_await call.close(late.text());
  }
  std::optional<Answer> made;
  int status = 200;
  if (const auto* failure = std::get_if<Reply::Failure>(&reply.value)) {
    made.emplace(call.id(), *failure);
    if (call.era() == mcp::Era::modern) status = http_status_of(*failure);
  } else {
    const AnswerContext context{call.era(), call.id(), call.method(), server_info,
                                settings.cache_ttl};
    made.emplace(context, std::get<Reply::Result>(reply.value));
  }
  if (call.streams() || (!call.accepts_json() && status == 200)) {
    co_return co_await call.close(made->text());
  }
  co_await exchange.respond(status, json_headers, made->pieces());
}

}  // namespace gatehouse::mcp_server
