// ClientConnection: one HTTP/1.1 connection to an upstream: writes a request, reads its answer,
// and between requests notices that the peer has closed. A state machine driven by readiness
// callbacks; a task waits once per request. Made by the connector, kept by ClientPool, used by
// GuardedClient.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "net/address_guard.hpp"
#include "net/background_wait.hpp"
#include "net/deadline_wheel.hpp"
#include "net/event.hpp"
#include "net/http_client_parser.hpp"
#include "net/wire.hpp"

namespace gatehouse::net {

/// What the connections of one shard share. Outlives them.
struct ClientShared {
  explicit ClientShared(Executor executor_in) : executor(executor_in), wheel(executor_in) {}
  static constexpr std::size_t kReadBytes = 64 * 1024;
  Executor executor;
  DeadlineWheel wheel;
  std::vector<char> scratch = std::vector<char>(kReadBytes);  ///< only used within one callback
};

class ClientConnection final : public std::enable_shared_from_this<ClientConnection> {
 public:
  struct Spec {
    std::string_view body;    ///< of the request; lives until the exchange has ended
    bool is_head = false;     ///< the answer has no body
    bool repeatable = false;  ///< a second execution would do no harm (GET, HEAD)
    bool stream_events = false;
    std::size_t max_body = 0;
  };
  struct Failure {
    Error error;
    bool may_retry = false;  ///< on another connection: nobody can have acted on the request
  };

  /// `checked` are the addresses that the guard has looked at for this connection.
  ClientConnection(ClientShared& shared, std::unique_ptr<Wire> wire,
                   std::vector<IpAddress> checked);

  const std::vector<IpAddress>& checked() const { return checked_; }

  /// Empty, to be filled with the head of the next request; keeps its memory.
  std::string& head();
  /// Sends head() and the body. Then await done().
  void start(const Spec& spec);
  /// Returns when the answer is complete, is a stream whose head is complete, or has failed.
  Event::Sleep done() { return done_.wait(); }
  const std::optional<Failure>& failure() const { return failure_; }
  bool is_stream() const { return streaming_; }
  ResponseParser& answer() { return *parser_; }
  /// Part of the request may have reached the peer.
  bool may_have_arrived();

  /// Of a stream: returns when body() has bytes or the body has ended, or failure() is set.
  Task<> more();
  bool is_complete() const { return complete_; }

  /// Ends the exchange as soon as the event loop runs. The waiting task resumes with a failure.
  void abort();
  void close();
  bool is_reusable() const { return complete_ && reusable_ && wire_->is_open(); }

  /// Between requests: calls `on_gone` when the connection must not be used any more because the
  /// peer closed it or sent something, or `idle` has passed.
  void park(std::chrono::steady_clock::duration idle, std::function<void()> on_gone);
  void unpark();

 private:
  enum class State { fresh, parked, exchanging, streaming, closed };

  void wait_readable();
  void wait_writable();
  void on_readable();
  void on_readable_while_parked();
  void write_some();
  void read_some();
  void read_step(Wire::Step step, std::string_view bytes);
  void parse(std::string_view bytes);
  Result<void> parse_once(std::string_view& bytes);
  bool wants_more() const;
  void on_progress();
  void on_end();
  void finish();
  void fail_with(Error error);
  void fail_transport(const std::string& why);
  void gone();

  ClientShared& shared_;
  std::unique_ptr<Wire> wire_;
  std::vector<IpAddress> checked_;
  State state_ = State::fresh;
  std::string head_;
  Spec spec_;
  std::size_t written_ = 0;
  std::uint64_t sent_before_ = 0;
  std::optional<ResponseParser> parser_;
  std::string pending_;  ///< bytes that the parser could not consume yet
  std::optional<Failure> failure_;
  Event done_;
  BackgroundWait background_;
  Deadline idle_;
  std::function<void()> on_gone_;
  int interim_ = 0;
  bool reading_ = false;  ///< a wait for readability is pending
  bool writing_ = false;
  bool settled_ = false;  ///< the waiting task has something to look at
  bool got_bytes_ = false;
  bool streaming_ = false;
  bool complete_ = false;
  bool reusable_ = false;
};

}  // namespace gatehouse::net
