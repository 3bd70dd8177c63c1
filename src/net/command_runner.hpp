// ProcessRunner: runs one program to its end and collects what it prints. See child_process.hpp for
// children that stay.
#pragma once

#include "jsonrpc/command_runner.hpp"

namespace gatehouse::net {

class ProcessRunner final : public jsonrpc::CommandRunner {
 public:
  explicit ProcessRunner(Executor executor) : executor_(executor) {}
  Task<Result<jsonrpc::CommandOutput>> run(jsonrpc::ProcessSpec process,
                                           std::size_t most_bytes) override;

 private:
  Executor executor_;
};

}  // namespace gatehouse::net
