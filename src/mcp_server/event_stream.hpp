// EventStream: the text/event-stream answer of one exchange, begun by the first event (reference
// T-5, T-6). Several tasks may send; bytes are never mixed, because one of them writes for all.
// close() or abandon() must be called before the exchange ends.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "async/condition.hpp"
#include "base/result.hpp"
#include "http/server.hpp"
#include "mcp_server/keep_alive.hpp"

namespace gatehouse::mcp_server {

class EventStream final : public std::enable_shared_from_this<EventStream> {
 public:
  /// `keep_alive` outlives the stream.
  EventStream(http::Exchange& exchange, KeepAlive& keep_alive);
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  /// Sends one message and returns when the connection has room again. Errors: unavailable (the
  /// client is gone).
  Task<Result<void>> send(std::string_view json);
  /// Queues one message without waiting; drops it when the client is gone or does not keep up.
  void post(std::string_view json);
  /// Sends what is queued and the last message (empty: none), and ends the answer.
  Task<> close(std::string_view json);
  /// The exchange is ending without close(): nothing is written any more.
  void abandon();
  /// Queues a comment line unless something was sent since the last call.
  void keep_alive();

 private:
  void append(std::string_view json);
  Task<> pump();
  void start_pump();
  static Task<> run_pump(std::shared_ptr<EventStream> self);
  Task<> idle();

  http::Exchange* exchange_;
  KeepAlive& keep_alive_;
  Condition changed_;
  std::string pending_;
  bool pumping_ = false;
  bool broken_ = false;
  bool sent_lately_ = true;
};

}  // namespace gatehouse::mcp_server
