// What an MCP server built on this library has to provide, and what one request looks like to it,
// whatever the era and the transport. Implemented by gateway/ (the two tools) and by demo/ (tools
// to try). No policy here: who may call is the Authenticator's and the Service's business.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "async/cancel.hpp"
#include "async/task.hpp"
#include "base/result.hpp"
#include "http/message.hpp"
#include "http/server.hpp"
#include "mcp/interest.hpp"
#include "mcp/param_headers.hpp"
#include "mcp/request.hpp"

namespace gatehouse::mcp_server {

/// The authenticated caller of one request. Services derive from it and cast back what their own
/// Authenticator made.
struct Caller {
  virtual ~Caller() = default;
  /// Organization, member and client, as one comparable text: legacy sessions are bound to it.
  std::string identity;
};

/// Decides who calls, before anything of MCP is looked at, so that every method and era gets the
/// same challenge.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// The caller, or the complete HTTP answer that refuses (401 with challenge, 403 for Host and
  /// Origin).
  virtual Task<std::variant<std::shared_ptr<const Caller>, http::Response>> authenticate(
      const http::Exchange& exchange) = 0;
};

/// What the answer to one request is.
struct Reply {
  /// Members of `result` without braces, as raw JSON, e.g. `"content":[…]`; the endpoint adds
  /// resultType, serverInfo and what else the era wants. Kept in pieces so that a large upstream
  /// result is not copied.
  struct Result {
    std::string members;
    mcp::RawJson raw;  ///< when not empty: a complete result object to pass through, era
                       ///< translation included; members is unused
  };
  struct Failure {
    int code = -32603;
    std::string message;
    std::string data;     ///< raw JSON; empty: none
    int http_status = 0;  ///< modern HTTP only; 0: what the code demands
  };
  /// Refuses on the HTTP level, such as 403 insufficient_scope; on stdio it becomes an error with
  /// the same text. A response without a body gets that error under the request's id.
  struct Refusal {
    http::Response response;
    std::string message;
  };
  std::variant<Result, Failure, Refusal> value;
};

/// One request as the service sees it. All views are valid until the answer has been sent.
class Call {
 public:
  virtual ~Call() = default;
  virtual const Caller& caller() const = 0;
  virtual mcp::Era era() const = 0;
  virtual std::string_view protocol_version() const = 0;
  virtual std::string_view method() const = 0;
  virtual std::string_view params() const = 0;  ///< raw JSON object, proved; "{}" when absent
  virtual std::string_view name() const = 0;    ///< params.name, unescaped; empty when absent
  virtual std::string_view arguments()
      const = 0;  ///< params.arguments as raw JSON; empty when absent or null
  virtual std::string_view meta()
      const = 0;  ///< params._meta as raw JSON object; empty when absent
  virtual const mcp::ClientCapabilities& capabilities()
      const = 0;  ///< declared by this request (modern) or at initialize
  virtual std::string_view input_responses()
      const = 0;  ///< modern retry: raw JSON object; empty: first round
  virtual std::string_view request_state()
      const = 0;                                    ///< modern retry: unescaped string; empty: none
  virtual std::string_view request_id() const = 0;  ///< for logs and audit
  /// Lowest level of notifications/message that the client wants about this request, to be asked
  /// of whoever is called for it; empty: none. A legacy client that said nothing gets "info".
  virtual std::string_view log_level() const { return {}; }

  /// Sends a notification about this request to the client (progress, log); opens a stream where
  /// the transport needs one. The progress token is the caller's business. A client that cannot
  /// receive it is not an error.
  virtual Task<gatehouse::Result<void>> notify(std::string_view method,
                                               std::string_view params) = 0;
  /// The same without waiting, for callbacks: queued in order with notify(), dropped when the
  /// client is gone or does not keep up.
  virtual void post(std::string_view method, std::string_view params) = 0;
  /// True where ask() can reach the client: legacy requests over a transport that can carry server
  /// requests.
  virtual bool can_ask() const = 0;
  /// Sends a server-initiated request (elicitation/create, sampling/createMessage, roots/list) and
  /// awaits the raw result. Errors: unsupported (can_ask() is false), rejected (the client answered
  /// with an error), timeout, cancelled, unavailable (the client is gone).
  virtual Task<gatehouse::Result<std::string>> ask(std::string_view method,
                                                   std::string_view params) = 0;
  /// Cancelled when the client gave up on this request.
  virtual CancelSource& cancelled() = 0;
  /// Closes the stream of this request while it goes on, so that no connection is held by a long
  /// one; the client comes back for the rest by itself (2025-11-25 over HTTP, which calls this
  /// polling). Does nothing for anybody who could not.
  virtual Task<> close_stream() { co_return; }
  /// What is wrong with the Mcp-Param headers of this request: the arguments that the called tool's
  /// `plan` names must be repeated in them (H-6, H-9). Only the service knows the tool, so it asks,
  /// before anything else of the call. Nothing where requests have no such headers.
  virtual std::optional<Reply::Failure> check_param_headers(const mcp::HeaderPlan& plan) const {
    (void)plan;
    return std::nullopt;
  }
};

/// Where notifications go that belong to no request: an open subscriptions/listen, a legacy
/// session, a line channel. Owned by the endpoint; a service that keeps one forgets it at
/// unfollow().
class Follower {
 public:
  virtual ~Follower() = default;
  virtual const Caller& caller() const = 0;
  virtual mcp::Era era() const = 0;
  /// What follow() last granted.
  virtual const mcp::Interest& interest() const = 0;
  /// Queues one notification without waiting; dropped when it is no part of the interest, when the
  /// client is gone, or when it does not keep up. The endpoint adds subscriptionId and event ids.
  virtual void post(std::string_view method, std::string_view params) = 0;
  /// There is nothing more to hear: an open subscriptions/listen is answered and closed. Sessions
  /// and channels go on. unfollow() follows.
  virtual void end() {}
  /// Like Call::can_ask() and Call::ask(), for requests that belong to no call: over the GET stream
  /// of a legacy session, if there is one, or a legacy line channel.
  virtual bool can_ask() const { return false; }
  virtual Task<gatehouse::Result<std::string>> ask(std::string_view method,
                                                   std::string_view params) {
    (void)method, (void)params;
    co_return fail(Errc::unsupported, "this client cannot be asked");
  }
};

/// What initialize and server/discover tell about the server. Name, title and version must not
/// depend on the caller: they go into every modern result.
struct ServerDescription {
  std::string name;
  std::string title;
  std::string version;
  std::string instructions;
  std::string capabilities = R"({"tools":{}})";  ///< raw JSON; must match what handle() really does
};

class Service {
 public:
  virtual ~Service() = default;
  /// May depend on the caller, e.g. the instructions may list their connections.
  virtual Task<ServerDescription> describe(const Caller& caller) = 0;
  /// Answers tools/list, tools/call and whatever else the capabilities promise; -32601 for what is
  /// unknown. initialize, ping, server/discover and the protocol's own notifications never get
  /// here.
  virtual Task<Reply> handle(Call& call) = 0;

  /// `follower` is new, or wants something else than before (subscriptions/listen,
  /// resources/subscribe and /unsubscribe, logging/setLevel, a new session). Returns what it will
  /// hear of that, which replaces what was granted before. Errors answer the request that asked:
  /// not_found for a resource, unsupported, invalid_argument.
  virtual Task<gatehouse::Result<mcp::Interest>> follow(std::shared_ptr<Follower> follower,
                                                        mcp::Interest wanted) {
    (void)follower, (void)wanted;
    co_return mcp::Interest{};
  }
  /// It hears nothing any more. Must not throw.
  virtual void unfollow(Follower& follower) { (void)follower; }
};

}  // namespace gatehouse::mcp_server
