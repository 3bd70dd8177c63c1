// EventStream: the text/event-stream answer of one exchange, begun by the first event (reference
// T-5, T-6). Several tasks may send; bytes are never mixed, because one of them writes for all.
// close(), serve() or abandon() must have returned before the exchange ends.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "async/condition.hpp"
#include "base/result.hpp"
#include "http/server.hpp"
#include "mcp_server/keep_alive.hpp"

namespace gatehouse::mcp_server {

class EventStream final : public KeepAliveEntry, public std::enable_shared_from_this<EventStream> {
 public:
  /// `keep_alive` outlives the stream.
  EventStream(http::Exchange& exchange, KeepAlive& keep_alive);

  /// Sends one message and returns when the connection has room again. `id` is that of the event;
  /// empty: none. Errors: unavailable (the client is gone).
  Task<Result<void>> send(std::string_view json, std::string_view id = {});
  /// Queues one message without waiting. False when it is dropped, because the client is gone or
  /// does not keep up.
  bool post(std::string_view json, std::string_view id = {});
  /// Queues what is no message: fields and comments of the event stream, blank line included. It
  /// goes out with the next message, or with open() or serve().
  void add_raw(std::string_view text);
  /// Begins the answer, even if there is nothing to say yet.
  void open() { start_pump(); }
  /// Sends what is queued and the last message (empty: none), and ends the answer.
  Task<> close(std::string_view json, std::string_view id = {});
  /// The same without waiting, by whoever does not own the exchange.
  void end(std::string_view json, std::string_view id = {});
  /// Returns when nothing is being written; nothing will be any more.
  Task<> settle();
  /// The connection that carries it is not used for a further request.
  void end_connection();
  /// Holds the exchange until somebody calls end(), or the client is gone.
  Task<> serve();
  /// The exchange is ending without close(): nothing is written any more.
  void abandon();
  /// Neither ended nor known to be gone.
  bool is_open() const { return exchange_ != nullptr && !broken_ && !ending_; }

  void on_tick() override;

 private:
  void append(std::string_view json, std::string_view id);
  void on_gone();
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
  bool ending_ = false;
  bool sent_lately_ = true;
};

}  // namespace gatehouse::mcp_server
