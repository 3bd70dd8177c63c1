// Client: the one way out to other machines (design: rule 3). Implemented by net::GuardedClient;
// callers state for what purpose they call and what this purpose is allowed to reach. HTTP/1.1.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/cancel.hpp"
#include "async/task.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "http/message.hpp"

namespace gatehouse::http {

/// Why a request leaves. An allowance holds for one purpose only; what a fetched document names
/// never inherits another's.
enum class Purpose {
  connection,            ///< the MCP server itself and its own RFC 9728 metadata
  authorization_server,  ///< AS metadata, registration, authorization, token, revocation, keys
  client_metadata,       ///< client ID metadata documents fetched by our own authorization server
};

/// Lets one purpose reach one exact origin ("http://127.0.0.1:9000") although it is loopback,
/// private or plain http.
struct Allowance {
  std::string origin;
  Purpose purpose = Purpose::connection;
  friend bool operator==(const Allowance&, const Allowance&) = default;
};

enum class Redirects {
  none,    ///< a 3xx is the answer; always so for token and registration requests
  follow,  ///< GET only; each hop is checked anew; headers and body do not cross origins
};

struct SendOptions {
  Purpose purpose = Purpose::connection;
  std::span<const Allowance> allowances;  ///< must outlive the call
  std::chrono::milliseconds timeout =
      limits::kDiscoveryTimeout;  ///< until the body is complete, or the head of a stream
  std::chrono::milliseconds connect_timeout = limits::kConnectTimeout;  ///< TCP and TLS, each
  std::size_t max_body = limits::kDiscoveryBodyBytes;                   ///< decompressed
  Redirects redirects = Redirects::none;
  bool stream_events =
      false;  ///< hand over a text/event-stream answer as Reply::stream instead of reading it
  CancelSource* cancel =
      nullptr;  ///< aborts the request and closes its connection; Errc::cancelled
};

/// The rest of a streamed answer.
class BodyStream {
 public:
  virtual ~BodyStream() = default;  ///< closes the connection when the body was not read to its end
  /// The next bytes (chunk framing removed); empty at the end of the body. Errors: outcome_unknown
  /// when the connection breaks, timeout when nothing arrives for `idle`, too_large, cancelled. The
  /// view is valid until the next call.
  virtual Task<Result<std::string_view>> read_some(std::chrono::milliseconds idle) = 0;
};

struct Reply {
  int status = 0;
  Headers headers;
  std::string body;  ///< empty when `stream` is set
  std::unique_ptr<BodyStream>
      stream;       ///< set only for SendOptions::stream_events and a text/event-stream answer
  std::string url;  ///< where the answer came from, after redirects
};

/// One leg of the way to an origin, as it was gone.
struct Leg {
  enum class Kind { name, proxy, connection, encryption };
  Kind kind = Kind::name;
  std::string detail;          ///< for people: addresses, the proxy, the TLS version
  std::optional<Error> error;  ///< the way ends here
  std::chrono::microseconds took{};
};

class Client {
 public:
  virtual ~Client() = default;
  /// Any HTTP status is a success here. `request.target` is an absolute URL; Host, Content-Length,
  /// Connection and User-Agent are added. Errors: invalid_argument (URL), blocked_address (guard;
  /// names address and reason), unavailable (nothing was sent or safe to repeat), outcome_unknown
  /// (sent, no complete answer), timeout (before sending), tls, too_large, protocol, cancelled.
  virtual Task<Result<Reply>> send(Request request, SendOptions options) = 0;

  /// Goes the way to the origin of `url` on a connection of its own and sends no request: for
  /// people who look for what is wrong. The last leg has the error, if there is one. Errors:
  /// invalid_argument (URL), blocked_address (plain http), unsupported where no way is gone.
  virtual Task<Result<std::vector<Leg>>> trace(std::string url, SendOptions options) {
    (void)url, (void)options;
    co_return fail(Errc::unsupported, "this client makes no connections");
  }
};

}  // namespace gatehouse::http
