// HttpConnection: one accepted connection and, one after the other, its exchanges. The coroutine
// run() reads requests and calls the handler; reading and writing themselves are callbacks, so that
// a peer's leaving is noticed while a handler works, and a streamed answer flows while it waits.
// Private to net/.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "async/cancel.hpp"
#include "async/condition.hpp"
#include "http/server.hpp"
#include "net/deadline_wheel.hpp"
#include "net/edge_wait.hpp"
#include "net/http_request_parser.hpp"
#include "net/http_response_head.hpp"
#include "net/read_buffer.hpp"
#include "net/server.hpp"
#include "net/waiter.hpp"

namespace gatehouse::net {

class HttpConnection;

/// What a server and its connections share; lives as long as the last of them.
struct HttpServerState {
  HttpServerState(Executor executor, Logger& logger, ServerConfig config, http::Handler& handler);

  Executor executor;
  Logger& logger;
  ServerConfig config;
  http::Handler& handler;
  DeadlineWheel wheel;
  DateCache date;
  Condition changed;  ///< a connection has ended, or draining has begun
  std::unordered_set<HttpConnection*> connections;
  bool draining = false;
  std::string request_id_prefix;
  std::uint64_t next_request = 1;
};

class HttpConnection final : public http::Exchange,
                             public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::shared_ptr<HttpServerState> server, TcpSocket socket, std::string peer);
  ~HttpConnection() override;

  /// Starts run(). The connection keeps itself alive until it has ended.
  void start();
  /// Ends at once when no request is under way, after its answer otherwise.
  void begin_drain();
  /// Tells the handler that nobody waits for the answer any more.
  void cancel_exchange();
  /// Ends the handler itself, wherever it waits.
  void kill();
  /// Lets go of a task that will never run again.
  void abandon();

  const http::Request& request() const override { return parser_.request(); }
  std::string_view peer_address() const override { return peer_; }
  std::string_view request_id() const override { return request_id_; }
  Task<> respond(int status, const http::Headers& headers,
                 std::span<const std::string_view> pieces) override;
  Task<Result<void>> start_stream(int status, const http::Headers& headers) override;
  Task<Result<void>> write(std::string_view bytes) override;
  Task<> finish() override;
  bool streaming() const override { return answer_ == Answer::streaming; }
  void close_after_answer() override { close_after_ = close_early_ = true; }
  CancelSource& disconnected() override;

 private:
  enum class Phase { idle, head, body, exchange, lingering };
  enum class Answer { none, complete, streaming, finished };

  Task<> run(std::shared_ptr<HttpConnection> self);
  Task<bool> receive();
  Task<bool> serve();
  Task<> refuse(int status, std::string_view reason);
  Task<> linger();
  void enter(Phase phase);
  void on_deadline();
  void make_request_id();
  void log_failure(const std::exception_ptr& exception);

  void start_read();
  void on_readable(boost::system::error_code error);
  void on_read(boost::system::error_code error, std::size_t bytes);

  bool persistent() const;
  void compose_head(int status, const http::Headers& headers, bool chunked,
                    std::optional<std::uint64_t> length);
  Task<> send_now(std::string_view bytes);
  void append_stream(std::string_view bytes);
  void schedule_flush();
  void flush_stream();
  void pump();
  bool sent_all() const { return queue_.empty() && out_.empty(); }
  void consume_queue(std::size_t bytes);
  void on_writable(boost::system::error_code error);
  void fail_writing();
  void close();

  std::shared_ptr<HttpServerState> server_;
  TcpSocket socket_;
  std::string peer_;
  Deadline deadline_;
  Phase phase_ = Phase::idle;
  bool timed_out_ = false;
  TaskControl kill_;

  ReadBuffer in_;
  RequestParser parser_;
  Waiter read_waiter_;
  bool reading_ = false;
  Rest rest_ = Rest::unknown;  ///< in the kernel
  boost::system::error_code read_error_;

  std::string request_id_;
  Answer answer_ = Answer::none;
  bool close_after_ = false;
  bool close_early_ = false;  ///< with the end of the answer, not of the handler
  bool body_wanted_ = true;   ///< false for answers to HEAD
  bool chunked_ = false;
  std::optional<CancelSource> disconnected_;

  std::string out_;     ///< head of an answer; of a streamed one everything not yet queued
  std::string flight_;  ///< what queue_ refers to of a streamed answer
  std::vector<std::string_view> queue_;  ///< being sent, in order
  Waiter write_waiter_;
  bool awaiting_writable_ = false;
  bool flush_scheduled_ = false;
  bool broken_ = false;  ///< nothing can be sent any more
};

}  // namespace gatehouse::net
