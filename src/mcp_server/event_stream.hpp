// EventStream: the text/event-stream answer of one exchange, begun by the first event (reference
// T-5, T-6). Several tasks may send; bytes are never mixed, because one of them writes for all.
// close() or abandon() must be called before the exchange ends.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "async/condition.hpp"
#include "async/task_group.hpp"
#include "base/result.hpp"
#include "http/server.hpp"

namespace gatehouse::mcp_server {

class EventStream final : public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(http::Exchange& exchange, TaskGroup& tasks);

  /// Sends one message and returns when the connection has room again. Errors: unavailable (the
  /// client is gone).
  Task<Result<void>> send(std::string_view json);
  /// Queues one message without waiting; drops it when the client is gone or does not keep up.
  void post(std::string_view json);
  /// Sends what is queued and the last message (empty: none), and ends the answer.
  Task<> close(std::string_view json);
  /// The exchange is ending without close(): nothing is written any more.
  void abandon() { exchange_ = nullptr; }

 private:
  void append(std::string_view json);
  Task<> pump();
  static Task<> run_pump(std::shared_ptr<EventStream> self);
  Task<> idle();

  http::Exchange* exchange_;
  TaskGroup& tasks_;
  Condition changed_;
  std::string pending_;
  bool pumping_ = false;
  bool broken_ = false;
};

}  // namespace gatehouse::mcp_server
