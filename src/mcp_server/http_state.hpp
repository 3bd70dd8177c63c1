// The insides of HttpEndpoint, shared by the units of its two eras. Private to mcp_server/.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "mcp_server/answer.hpp"
#include "mcp_server/http_call.hpp"
#include "mcp_server/http_endpoint.hpp"
#include "mcp_server/http_listener.hpp"
#include "mcp_server/session_table.hpp"

namespace gatehouse::mcp_server {

using CallerPtr = std::shared_ptr<const Caller>;

class OldStream;
/// What the URL that a client of 2024-11-05 posts to has behind the endpoint's path.
inline constexpr std::string_view kOldStreamQuery = "?sessionId=";

struct HttpEndpoint::State {
  State(Service& service, Authenticator& authenticator, TaskGroup& tasks, Logger& logger,
        const Clock& clock, EndpointSettings settings);

  // http_endpoint.cpp: what both eras share
  Task<> handle(http::Exchange& exchange, CallerPtr caller);
  Task<> post(http::Exchange& exchange, CallerPtr caller);
  Task<> answer(http::Exchange& exchange, HttpCall& call, const Reply& reply);
  Task<> refuse(http::Exchange& exchange, int status, std::string id, Reply::Failure failure);
  Task<> plain(http::Exchange& exchange, int status, std::string_view text,
               http::Headers headers = {});
  HttpCall::Transport transport_of(http::Exchange& exchange);

  // http_modern.cpp
  Task<> modern(http::Exchange& exchange, CallerPtr caller, jsonrpc::Message message);
  Task<Reply> discover(const Caller& caller);
  Task<> learn_server_info(const Caller& caller);

  // http_listen.cpp
  Task<> listen(http::Exchange& exchange, CallerPtr caller, jsonrpc::Message message);
  void end_listeners(std::string_view identity);

  // http_get.cpp: the streams of a legacy session
  Task<> get(http::Exchange& exchange, CallerPtr caller);
  Task<> resume(http::Exchange& exchange, std::shared_ptr<Session> session, std::string_view last);
  Task<> listen_in(http::Exchange& exchange, std::shared_ptr<Session> session);
  static Task<> follow(Service& service, std::shared_ptr<Session> session, Logger& logger);

  // http_sse.cpp: HTTP+SSE of 2024-11-05
  Task<> open_old_stream(http::Exchange& exchange, CallerPtr caller);
  Task<> take_old_message(http::Exchange& exchange, CallerPtr caller);
  void end_old_streams(std::string_view identity);

  // http_legacy.cpp
  Task<> legacy(http::Exchange& exchange, CallerPtr caller, jsonrpc::Message message);
  Task<> legacy_batch(http::Exchange& exchange, CallerPtr caller);
  Task<> initialize(http::Exchange& exchange, CallerPtr caller, const jsonrpc::Message& message);
  Task<> end_session(http::Exchange& exchange, CallerPtr caller);
  Task<std::shared_ptr<Session>> find_session(http::Exchange& exchange, const Caller& caller,
                                              std::string_view id);
  Task<Reply> legacy_reply(HttpCall& call);
  Task<> reap_sessions();

  Service& service;
  Authenticator& authenticator;
  TaskGroup& tasks;
  Logger& logger;
  const Clock& clock;
  const EndpointSettings settings;
  const http::Headers json_headers{{"Content-Type", "application/json"}};
  std::string server_info;  ///< raw; empty until the first modern request
  ReplayStore replay;
  SessionTable sessions;
  std::unordered_set<HttpListener*> listeners;
  std::unordered_map<std::string, std::size_t> listens;  ///< how many of them by identity
  KeepAlive keep_alive;
  std::unordered_map<std::string_view, OldStream*> old_streams;  ///< by id
  bool reaping = false;
  bool ended = false;  ///< end_streams() was called
};

/// What a notification or an answer of the client means to a legacy session or a line channel.
void on_client_message(const jsonrpc::Message& message, RunningCalls& calls, PendingAsks& asks);

}  // namespace gatehouse::mcp_server
