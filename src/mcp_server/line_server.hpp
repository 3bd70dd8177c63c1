// The insides of LineEndpoint: one channel, its requests under way and what initialize agreed.
// Private to mcp_server/.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/condition.hpp"
#include "jsonrpc/line_channel.hpp"
#include "mcp_server/line_endpoint.hpp"
#include "mcp_server/request_view.hpp"
#include "mcp_server/session.hpp"

namespace gatehouse::mcp_server {

/// The bytes of a line; messages refer to them.
using LinePtr = std::shared_ptr<const std::string>;

class LineServer final : public std::enable_shared_from_this<LineServer> {
 public:
  LineServer(Service& service, std::shared_ptr<const Caller> caller, jsonrpc::LineChannel& channel,
             TaskGroup& tasks, Logger& logger, EndpointSettings settings);

  Task<> run();

  // For LineCall
  Task<Result<void>> write(std::string_view json);
  void write_later(std::string json);
  Task<Result<std::string>> ask(std::string_view method, std::string_view params,
                                CancelSource& cancel);

 private:
  Task<> on_line(LinePtr line);
  void on_note(const jsonrpc::Message& message);
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
  Task<> write_string(std::string json);
  void spawn(std::string name, Task<> work);
  static Task<> counted(std::shared_ptr<LineServer> self, Task<> work);

  Service& service_;
  std::shared_ptr<const Caller> caller_;
  jsonrpc::LineChannel& channel_;
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
  std::string server_info_;  ///< raw; empty until the first modern request
};

}  // namespace gatehouse::mcp_server
