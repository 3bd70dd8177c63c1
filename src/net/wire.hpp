// Wire: a connected socket, with TLS or without, read and written without blocking. Knows nothing
// of HTTP. Used by the connector (handshakes) and by the client's connections.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "async/task.hpp"
#include "net/edge_wait.hpp"
#include "net/tls_context.hpp"

namespace gatehouse::net {

class Wire final {
 public:
  enum class Status {
    done,        ///< `count` bytes were transferred
    want_read,   ///< try again when readable
    want_write,  ///< try again when writable
    end,         ///< the peer closed properly
    broken,      ///< reset, or TLS failed; reason() says why
  };
  struct Step {
    Status status = Status::done;
    std::size_t count = 0;
  };

  explicit Wire(TcpSocket socket);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  TcpSocket& socket() { return socket_; }
  bool is_tls() const { return tls_ != nullptr; }
  /// Starts TLS inside; then call handshake() until it is done.
  Result<void> start_tls(const TlsContext& context, const std::string& host);
  Step handshake();
  Error describe_failure(const std::string& host) const;
  /// "TLSv1.3, certificate valid until 2027-01-01", for people. After the handshake.
  std::string describe_tls() const;

  Step read(char* into, std::size_t size);
  /// The last read left nothing behind in the kernel: the next byte will be an edge.
  bool is_drained() const { return rest_ == Rest::nothing; }
  /// Writes from the pieces in order; may take fewer bytes than there are.
  Step write(std::span<const iovec> pieces);
  /// Bytes handed to the kernel so far, TLS framing included.
  std::uint64_t sent() const { return sent_; }
  /// Of these, those that the peer's kernel has acknowledged; none where unknown.
  std::optional<std::uint64_t> acknowledged();
  /// Why the last step was `broken`.
  const std::string& reason() const { return reason_; }
  /// Waits that are pending end with operation_aborted. Idempotent.
  void close();
  bool is_open() const { return socket_.is_open(); }

 private:
  Step from_tls(int result);
  Step from_errno();

  TcpSocket socket_;
  SslPtr tls_;
  std::uint64_t sent_ = 0;
  Rest rest_ = Rest::unknown;
  std::string reason_;
};

}  // namespace gatehouse::net
