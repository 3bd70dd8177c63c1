// The insides of LineEndpoint: one channel, its requests under way and what initialize agreed.
// Private to mcp_server/.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "async/condition.hpp"
#include "jsonrpc/line_channel.hpp"
#include "mcp_server/line_endpoint.hpp"
#include "mcp_server/request_view.hpp"
#include "mcp_server/session.hpp"
#include "mcp_server/subscription.hpp"

namespace gatehouse::mcp_server {

/// One line and who sent it; messages refer to its bytes.
struct Line {
  std::string text;
  std::shared_ptr<const Caller> caller;
};
using LinePtr = std::shared_ptr<const Line>;

class LineListener;

/// As a Follower it is the legacy client of the channel.
class LineServer final : public Follower, public std::enable_shared_from_this<LineServer> {
 public:
  LineServer(Service& service, std::shared_ptr<const Caller> caller, jsonrpc::LineChannel& channel,
             TaskGroup& tasks, Logger& logger, EndpointSettings settings);

  /// Reads the channel until its end.
  Task<> run();
  /// For channels that are not read but told: one line, from a caller of the same identity. False
  /// when too much is under way.
  Task<bool> take(std::string text, std::shared_ptr<const Caller> caller);
  /// Cancels what is under way; nothing comes any more.
  void close();
  const EndpointSettings& settings() const { return settings_; }
  /// Keeps what the channel refers to for as long as anything is under way.
  void keep(std::shared_ptr<jsonrpc::LineChannel> channel) { kept_ = std::move(channel); }
  /// Ends what the client only listens to, gracefully.
  void end_streams();

  const Caller& caller() const override { return *caller_; }
  mcp::Era era() const override { return mcp::Era::legacy; }
  const mcp::Interest& interest() const override { return following_.granted(); }
  void post(std::string_view method, std::string_view params) override;
  bool can_ask() const override { return !version_.empty() && !closed_; }
  Task<gatehouse::Result<std::string>> ask(std::string_view method,
                                           std::string_view params) override;

  // For LineCall and LineListener
  Task<Result<void>> write(std::string_view json);
  void write_later(std::string_view json);
  void write_surely(std::string_view json);  ///< also to a client that does not keep up
  Task<Result<std::string>> ask(std::string_view method, std::string_view params,
                                CancelSource& cancel);

 private:
  Task<> on_line(LinePtr line);
  void on_note(const jsonrpc::Message& message);
  Task<> follow();
  Task<> listen(LinePtr line, jsonrpc::Message message);
  Task<> learn_server_info();
  Task<> on_batch(LinePtr line);
  Task<> serve_batch(LinePtr line, std::vector<jsonrpc::Message> requests);
  void on_request(LinePtr line, jsonrpc::Message message);
  std::optional<Reply::Failure> agree(const jsonrpc::Message& initialize);
  Task<> welcome(LinePtr line, std::string_view id);
  Task<> serve(LinePtr line, jsonrpc::Message message, mcp::Era era);
  Task<std::string> answer_text(LinePtr line, jsonrpc::Message message, mcp::Era era);
  Task<Reply> reply_to(RequestView& call);
  std::optional<Reply::Failure> objection(const jsonrpc::Message& message, mcp::Era era) const;
  Task<> fail_request(LinePtr line, std::string_view id, Reply::Failure failure);
  Task<Result<void>> write_queued();
  Task<> run_writing();
  void spawn(std::string name, Task<> work);
  static Task<> counted(std::shared_ptr<LineServer> self, Task<> work);

  Service& service_;
  std::shared_ptr<const Caller> caller_;
  jsonrpc::LineChannel& channel_;
  std::shared_ptr<jsonrpc::LineChannel> kept_;
  TaskGroup& tasks_;
  Logger& logger_;
  const EndpointSettings settings_;
  PendingAsks asks_;
  RunningCalls calls_;
  Condition changed_;  ///< a task of ours has ended
  std::size_t running_ = 0;
  std::string request_prefix_;
  std::uint64_t next_request_ = 1;
  std::string_view version_;  ///< agreed by initialize; empty before
  mcp::ClientCapabilities capabilities_;
  Following following_;      ///< of the legacy client
  std::string server_info_;  ///< raw; empty until the first modern request
  std::unordered_set<LineListener*> listeners_;
  std::deque<std::string> queued_;  ///< notes that nobody waits for
  std::size_t queued_bytes_ = 0;
  bool writing_ = false;  ///< a task of ours writes them
  bool closed_ = false;
  bool ended_ = false;  ///< end_streams() was called
};

}  // namespace gatehouse::mcp_server
