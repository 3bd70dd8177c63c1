// CommandRunner: one program from start to end, for what it prints. Implemented by
// net::ProcessRunner; used where a secret comes from a command.
#pragma once

#include <string>

#include "async/task.hpp"
#include "base/result.hpp"
#include "jsonrpc/line_channel.hpp"

namespace gatehouse::jsonrpc {

struct CommandOutput {
  int status = 0;          ///< exit status; 128 + number when a signal ended it
  std::string text;        ///< standard output, all of it
  std::string last_words;  ///< the end of standard error, at most 300 bytes; untrusted
};

class CommandRunner {
 public:
  virtual ~CommandRunner() = default;
  /// Runs it with nothing on standard input. Cancelling kills it with its children. Errors: those
  /// of Launcher::launch; too_large when it prints more than `most_bytes`, which kills it.
  virtual Task<Result<CommandOutput>> run(ProcessSpec process, std::size_t most_bytes) = 0;
};

}  // namespace gatehouse::jsonrpc
