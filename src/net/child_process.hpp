// Child processes that speak JSON-RPC by line on stdin and stdout (MCP stdio transport). Each runs
// in a session of its own with exactly the environment it is given, dies with us, and takes its own
// children along when it ends.
#pragma once

#include <chrono>
#include <memory>

#include "async/task.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "jsonrpc/line_channel.hpp"

namespace gatehouse::net {

class ProcessLauncher final : public jsonrpc::Launcher {
 public:
  /// `logger` must outlive every child's exit; what children say on stderr goes there as
  /// child_stderr. Children die when the thread that runs launch() does.
  ProcessLauncher(Executor executor, Logger& logger,
                  std::chrono::milliseconds close_grace = limits::kStdioCloseGrace)
      : executor_(executor), logger_(logger), close_grace_(close_grace) {}

  /// A program without a slash is sought in the PATH of `spec.environment`. Destroying the channel
  /// kills the child; it is reaped when the executor runs on, or when it is destroyed.
  Result<std::unique_ptr<jsonrpc::LineChannel>> launch(const jsonrpc::ProcessSpec& spec) override;

 private:
  Executor executor_;
  Logger& logger_;
  std::chrono::milliseconds close_grace_;
};

}  // namespace gatehouse::net
