// StdioLink: JSON-RPC over one line channel: correlates answers with requests, answers what the
// server asks, tells everybody when the process is gone (§3 of the digest). Shared by StdioPeer and
// the task that reads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/condition.hpp"
#include "jsonrpc/line_channel.hpp"
#include "jsonrpc/message.hpp"
#include "mcp_client/call_deadline.hpp"
#include "mcp_client/connect.hpp"
#include "mcp_client/mrtr.hpp"

namespace gatehouse::mcp_client {

class StdioLink final : public std::enable_shared_from_this<StdioLink> {
 public:
  StdioLink(std::unique_ptr<jsonrpc::LineChannel> channel, StdioTarget target, Parts parts);

  /// Starts the reader. It ends with the channel.
  void start();
  /// Sends `body`, a request with this id, and awaits its answer. `interaction` answers what the
  /// server asks meanwhile (legacy servers only).
  Task<Result<Answered>> call(std::int64_t id, std::string body, const mcp::Request& request,
                              Interaction* interaction);
  /// Sends a notification or an answer.
  Task<Result<void>> send(std::string message);
  Task<> close();
  /// Closes in the background, for destructors.
  void close_later();

  std::int64_t next_id() { return next_id_++; }
  bool alive() const { return alive_; }
  const StdioTarget& target() const { return target_; }
  const Parts& parts() const { return parts_; }
  /// "`command` exited: status 1, …", for errors.
  std::string obituary() const;

 private:
  /// A call under way; lives in the frame of call().
  struct Pending {
    Pending(Executor executor, CallDeadline until) : answered(executor), deadline(until) {}
    Condition answered;
    CallDeadline deadline;
    std::optional<Result<Answered>> answer;
    Interaction* interaction = nullptr;
    mcp::NotificationSink* sink = nullptr;
    std::shared_ptr<int> asking = std::make_shared<int>(0);
  };

  static Task<> run_reader(std::shared_ptr<StdioLink> self);
  static Task<> run_close(std::shared_ptr<StdioLink> self);
  static Task<> send_quietly(std::shared_ptr<StdioLink> self, std::string message);
  static Task<> answer(std::shared_ptr<StdioLink> self, std::string raw_id, std::string method,
                       std::string params);
  static Task<Result<bool>> until_answered(Pending& pending);
  Task<Result<Answered>> await_answer(std::int64_t id, Pending& pending,
                                      const mcp::Request& request);
  void on_line(std::string line);
  void on_message(const jsonrpc::Message& message);
  void on_notification(const jsonrpc::Message& message);
  void on_end(std::string_view why);
  void give_up(std::int64_t id, std::string reason);

  std::unique_ptr<jsonrpc::LineChannel> channel_;
  StdioTarget target_;
  Parts parts_;
  std::map<std::int64_t, Pending*> pending_;
  std::int64_t next_id_ = 1;
  bool alive_ = true;
  bool reading_ = false;
  int answering_ = 0;  // requests of the server
  Condition changed_;  // a background answer has ended
};

}  // namespace gatehouse::mcp_client
