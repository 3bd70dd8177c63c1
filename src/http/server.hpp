// Server side of HTTP as handlers see it: one Exchange per request. Implemented by net::HttpServer,
// and by fakes in tests.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "async/cancel.hpp"
#include "async/task.hpp"
#include "base/result.hpp"
#include "http/message.hpp"

namespace gatehouse::http {

class Exchange {
 public:
  virtual ~Exchange() = default;

  /// The body is complete; its buffer has at least kBodyPadding readable bytes after its end, for
  /// simdjson.
  virtual const Request& request() const = 0;
  /// The address of the peer, such as "127.0.0.1"; empty on a Unix socket.
  virtual std::string_view peer_address() const = 0;
  /// An id for logs and answers (X-Request-Id), made for this request.
  virtual std::string_view request_id() const = 0;

  /// Sends a complete answer in one write; `pieces` are concatenated without being copied together
  /// first when large. Content-Length, Date and Connection are added. At most one answer per
  /// exchange.
  virtual Task<> respond(int status, const Headers& headers,
                         std::span<const std::string_view> pieces) = 0;
  /// The same with one piece.
  Task<> respond(Response response);

  /// Starts a chunked answer; then write() as often as wanted, then finish(). A failed write means
  /// that the peer is gone.
  virtual Task<Result<void>> start_stream(int status, const Headers& headers) = 0;
  virtual Task<Result<void>> write(std::string_view bytes) = 0;
  virtual Task<> finish() = 0;
  virtual bool streaming() const = 0;  ///< start_stream() has been called
  /// The connection is closed behind this answer, even while the handler goes on working; for
  /// handlers that finish() long before they return.
  virtual void close_after_answer() {}

  /// Cancelled when the peer closes its connection before the answer is complete, and when the
  /// server stops waiting for the exchange at shutdown. The first call starts the watch, so
  /// handlers that do not care pay nothing.
  virtual CancelSource& disconnected() = 0;
};

inline constexpr std::size_t kBodyPadding = 64;

class Handler {
 public:
  virtual ~Handler() = default;
  /// Answers the exchange. An exception becomes a 500 without detail and is logged with the request
  /// id.
  virtual Task<> handle(Exchange& exchange) = 0;
};

}  // namespace gatehouse::http
