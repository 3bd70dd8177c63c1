// Opens a Peer: finds out which era the server speaks and does the handshake (specification:
// versioning, and the back-compatibility sections of the transports). Called by upstream/ and by
// commands. Everything opened here works on one shard.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/task.hpp"
#include "async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/product.hpp"
#include "base/result.hpp"
#include "http/client.hpp"
#include "jsonrpc/line_channel.hpp"
#include "mcp/request.hpp"
#include "mcp_client/peer.hpp"

namespace gatehouse::mcp_client {

/// How we introduce ourselves (clientInfo). Unverified for the server.
struct ClientIdentity {
  std::string name{kProductName};
  std::string version{product_version()};
};

/// How messages travel to a server over HTTP.
enum class HttpTransport {
  streamable,     ///< Streamable HTTP: 2025-03-26 and later
  http_with_sse,  ///< HTTP+SSE of 2024-11-05, whatever revision was negotiated over it
};

/// What an earlier connection found out; kept per endpoint URL for limits::kEraCache. With a modern
/// verdict open_http() sends nothing; a wrong modern verdict fails loudly and is then given up, a
/// wrong legacy one cannot be noticed and needs the time limit.
struct EraVerdict {
  mcp::Era era = mcp::Era::legacy;
  std::string protocol_version;  ///< modern: the version to speak; legacy: ignored
  HttpTransport transport = HttpTransport::streamable;
};

/// The parts that a peer works with; all must outlive it.
struct Parts {
  http::Client& http;
  TaskGroup& tasks;  ///< runs the GET stream of legacy sessions, answers to the server's requests
  Logger& log;
  const Clock& clock;
};

struct HttpTarget {
  std::string url;                                           ///< the MCP endpoint, sent as it is
  std::vector<http::Allowance> allowances;                   ///< of this connection
  std::vector<std::pair<std::string, std::string>> headers;  ///< further fixed headers, no secrets
  Authorizer* authorizer = nullptr;  ///< must outlive the peer; null: no credentials
  /// Kept for as long as the peer or one of its background tasks may use what is pointed to here.
  std::shared_ptr<const void> owner;
  std::optional<EraVerdict> known;
  ClientIdentity client;
  /// Declared in a legacy `initialize`, which happens once: the superset of what later requests may
  /// declare. Modern requests declare their own.
  mcp::ClientCapabilities capabilities;
  /// Answers what a legacy server asks outside of any request of ours; null: refused with -32601.
  /// Must outlive the peer.
  Interaction* interaction = nullptr;
  /// Receives what a legacy server sends outside of any request (…/list_changed). Must outlive the
  /// peer.
  mcp::NotificationSink* notifications = nullptr;
  std::chrono::milliseconds connect_timeout = limits::kConnectTimeout;  ///< TCP and TLS, each
  /// Learns that the server answered 429 or 503 and how long it wants to be left alone.
  std::function<void(int status, std::chrono::seconds wait)> on_retry_after;
  /// A fixed credential (API key, static token) rather than OAuth: then a 401 on the probe is not
  /// believed before an `initialize` with the credential got one too (V-10).
  bool fixed_credential = false;
  /// The raw inputSchema of a tool, when the caller has the catalog at hand; nothing for unknown
  /// tools. Without it (or when it knows nothing) the modern peer lists the tools once by itself,
  /// for it must know which arguments to mirror into headers.
  std::function<std::optional<std::string>(std::string_view tool)> find_input_schema;
};

/// Starts one more process of the same command.
class Launcher {
 public:
  virtual ~Launcher() = default;
  /// Errors: those of jsonrpc::Launcher.
  virtual Task<Result<std::unique_ptr<jsonrpc::LineChannel>>> launch() = 0;
};

/// The usual one: a fixed command over what starts processes here.
class CommandLauncher final : public Launcher {
 public:
  /// `launcher` must outlive this.
  CommandLauncher(jsonrpc::Launcher& launcher, jsonrpc::ProcessSpec process)
      : launcher_(launcher), process_(std::move(process)) {}
  Task<Result<std::unique_ptr<jsonrpc::LineChannel>>> launch() override {
    co_return launcher_.launch(process_);
  }

 private:
  jsonrpc::Launcher& launcher_;
  jsonrpc::ProcessSpec process_;
};

struct StdioTarget {
  Launcher* launcher = nullptr;  ///< must outlive open_stdio()
  std::string command;           ///< for messages
  std::optional<EraVerdict> known;
  ClientIdentity client;
  mcp::ClientCapabilities capabilities;
  Interaction* interaction = nullptr;  ///< must outlive the peer
  mcp::NotificationSink* notifications =
      nullptr;                        ///< outside of any request; must outlive the peer
  std::shared_ptr<const void> owner;  ///< as in HttpTarget
};

/// Either a peer or what the server wants first.
struct Opened {
  std::unique_ptr<Peer> peer;               ///< null when refused
  std::optional<mcp::HttpRefusal> refusal;  ///< 401 or 403, with the challenges
  /// What to remember for next time.
  EraVerdict verdict;
};

/// Probes with `server/discover` unless the era is known; falls back to `initialize` only on
/// evidence: 401, 403, 5xx and time-outs prove nothing (V-5, V-7). Where `initialize` is refused as
/// well, a GET that opens a stream with an `endpoint` event proves HTTP+SSE of 2024-11-05. Errors:
/// those of http::Client and the authorizer, server_error, unsupported (no common version, or no
/// transport that we know), protocol.
Task<Result<Opened>> open_http(HttpTarget target, Parts parts);

/// Probes a throw-away process unless the era is known; its exit, silence for limits::kProbeTimeout
/// or any other error means legacy (V-6). Errors: unavailable (cannot start, or exited; with the
/// end of stderr), timeout, unsupported, protocol.
Task<Result<Opened>> open_stdio(StdioTarget target, Parts parts);

}  // namespace gatehouse::mcp_client
