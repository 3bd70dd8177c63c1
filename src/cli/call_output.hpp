// What `gatehouse call` prints: a tool's result for people or as it is, progress on the way.
#pragma once

#include <string>
#include <string_view>

#include "cli/command.hpp"
#include "cli/terminal.hpp"
#include "mcp/request.hpp"

namespace gatehouse::cli {

enum class Output { text, json };

/// Prints a proved tools/call result. failed when the tool says that it did (isError) or asks for
/// something nobody here can give (input_required).
Exit print_result(Terminal& terminal, std::string_view raw_result, Output output);

/// A JSON-RPC error as what went wrong for people.
Error describe_rpc_error(const mcp::RpcError& error, const std::string& connection);

/// Shows notifications/progress and notifications/message on standard error.
class ProgressPrinter final : public mcp::NotificationSink {
 public:
  /// `terminal` must outlive this.
  explicit ProgressPrinter(Terminal& terminal) : terminal_(terminal) {}
  void on_notification(std::string_view method, std::string_view params) override;

 private:
  Terminal& terminal_;
};

}  // namespace gatehouse::cli
