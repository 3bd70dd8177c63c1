// HttpCall: one request of either era over HTTP, as the service sees it. Notifications and
// questions open an event stream on its exchange; without them the answer is plain JSON. Private to
// mcp_server/.
#pragma once

#include <chrono>
#include <memory>

#include "http/server.hpp"
#include "mcp_server/event_stream.hpp"
#include "mcp_server/request_view.hpp"
#include "mcp_server/session.hpp"

namespace gatehouse::mcp_server {

/// What the Accept header of a request allows. Lenient: absent, or shaped otherwise than the
/// specification wants, means both (T-3).
struct Accepts {
  bool json = true;
  bool events = true;
};
Accepts parse_accept(const http::Headers& headers);

class HttpCall final : public RequestView, public KeepAliveEntry {
 public:
  struct Transport {
    http::Exchange& exchange;
    KeepAlive& keep_alive;
    Accepts accepts;
    std::chrono::milliseconds ask_timeout;
    Asks asks;
  };

  /// Modern.
  HttpCall(std::shared_ptr<const Caller> caller, std::string_view version, jsonrpc::Message message,
           Transport transport);
  /// Legacy: registered with its session until destroyed.
  HttpCall(std::shared_ptr<const Caller> caller, std::shared_ptr<Session> session,
           jsonrpc::Message message, Transport transport);
  ~HttpCall() override;
  HttpCall(const HttpCall&) = delete;
  HttpCall& operator=(const HttpCall&) = delete;

  std::string_view request_id() const override { return transport_.exchange.request_id(); }
  Task<gatehouse::Result<void>> notify(std::string_view method, std::string_view params) override;
  void post(std::string_view method, std::string_view params) override;
  bool can_ask() const override;
  Task<gatehouse::Result<std::string>> ask(std::string_view method,
                                           std::string_view params) override;
  CancelSource& cancelled() override;
  Task<> close_stream() override;
  std::optional<Reply::Failure> check_param_headers(const mcp::HeaderPlan& plan) const override;

  /// The answer has become an event stream.
  bool streams() const { return stream_ != nullptr; }
  bool accepts_json() const { return transport_.accepts.json; }
  /// Sends the last message over it. The exchange is not used any more when this returns.
  Task<> close(std::string_view json);
  const std::shared_ptr<Session>& session() const { return session_; }  ///< null: modern

  /// A call that has been silent for long gets its stream, which says that it is still at work.
  void on_tick() override;

 private:
  void open_stream();
  Task<gatehouse::Result<void>> send(std::string_view json);

  Transport transport_;
  std::shared_ptr<Session> session_;
  std::shared_ptr<CancelSource> cancel_;  ///< legacy: a disconnect is no cancellation (O-4)
  std::shared_ptr<EventStream> stream_;
  std::shared_ptr<SessionStream> resumable_;  ///< legacy: what stream_ carries first
  bool old_ = false;                          ///< has seen a tick
};

}  // namespace gatehouse::mcp_server
