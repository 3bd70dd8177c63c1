// LineChannel: one JSON-RPC message per line, in both directions: a child process, our own stdin
// and stdout, a Unix socket. Implemented in net/ (child_process, stdio_channel, unix_socket); used
// by mcp_client and the stdio front. Belongs to one shard.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"

namespace gatehouse::jsonrpc {

class LineChannel {
 public:
  /// Ends what is behind it at once (a child process group is killed); close() is the polite way.
  virtual ~LineChannel() = default;

  /// Writes `line` and a line feed. Several tasks may write; lines are never mixed. `line` must
  /// stay valid until the task ends and contain no line feed. Errors: unavailable (the other side
  /// is gone).
  virtual Task<Result<void>> write_line(std::string_view line) = 0;
  /// The next line without its line feed (a CR before it is dropped as well); nothing at the end.
  /// One reader at a time; cancellable, and nothing is lost then. Errors: too_large
  /// (kStdioLineBytes; the channel is unusable afterwards), unavailable.
  virtual Task<Result<std::optional<std::string>>> read_line() = 0;
  /// Ends it politely and returns when it has ended: a child gets end of file, then SIGTERM, then
  /// SIGKILL (kStdioCloseGrace each). Pending reads end with nothing. Idempotent.
  virtual Task<> close() = 0;
  /// How the other side ended or what it said last, for error texts: exit status and the last lines
  /// of stderr of a child; empty when nothing is known.
  virtual std::string epitaph() const { return {}; }
};

/// A command as configured. No shell is involved.
struct ProcessSpec {
  std::vector<std::string> argv;  ///< program (path, or name sought in PATH) and arguments
  std::map<std::string, std::string> environment;  ///< all of it; nothing is inherited
  std::string directory;                           ///< working directory; empty: ours
  std::string name;                                ///< for logs: the connection's name
};

/// Starts child processes. Implemented by net::ProcessLauncher.
class Launcher {
 public:
  virtual ~Launcher() = default;
  /// Errors: invalid_argument (empty argv, bad directory), not_found (no such program), policy (not
  /// executable), unavailable (the system refuses another process).
  virtual Result<std::unique_ptr<LineChannel>> launch(const ProcessSpec& spec) = 0;
};

}  // namespace gatehouse::jsonrpc
