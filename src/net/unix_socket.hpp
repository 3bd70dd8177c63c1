// Line channels over a Unix domain socket, between processes of one user: `gatehouse serve` offers
// it, the thin front `gatehouse stdio` joins it. The socket is 0600 in a 0700 folder, and each side
// checks who the other is (SO_PEERCRED).
#pragma once

#include <memory>
#include <string>

#include "async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "jsonrpc/line_channel.hpp"

namespace gatehouse::net {

class UnixListener {
 public:
  /// Makes the folder when it is missing. A lock file beside the socket, held as long as the
  /// listener lives, decides who owns it; a socket left by a dead process is replaced. `logger`
  /// must outlive the listener. Errors: conflict (another process listens), policy (others may
  /// enter the folder, or it is not ours), invalid_argument (path), unavailable.
  static Result<std::unique_ptr<UnixListener>> open(Executor executor, Logger& logger,
                                                    std::string path);
  /// Closes, and removes the socket.
  virtual ~UnixListener() = default;
  /// The next channel from a process of our user; others are turned away and logged. Cancellable.
  /// Errors: unavailable after close().
  virtual Task<Result<std::unique_ptr<jsonrpc::LineChannel>>> accept() = 0;
  virtual void close() = 0;
};

/// Errors: not_found (nobody listens there: no socket, or a dead one), policy (the listener is not
/// of our user), invalid_argument (path), unavailable.
Result<std::unique_ptr<jsonrpc::LineChannel>> connect_unix(Executor executor,
                                                           const std::string& path);

}  // namespace gatehouse::net
