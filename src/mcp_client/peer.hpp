// Peer: an MCP server as we talk to it, whatever its transport and era. One Peer belongs to one
// principal's upstream (design §2); it is used by the tasks of one shard, several requests at once.
// Opened by mcp_client::open_* (see connect.hpp).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "http/message.hpp"
#include "mcp/interest.hpp"
#include "mcp/request.hpp"

namespace gatehouse::mcp_client {

/// Gives the credentials for each HTTP request. Implemented by upstream/ over the vault; stdio
/// needs none.
class Authorizer {
 public:
  virtual ~Authorizer() = default;
  struct Header {
    std::string name;
    Secret value;
  };
  /// The request that the headers are for: a proof of possession names it (RFC 9449).
  struct RequestLine {
    std::string_view method;
    std::string_view url;
  };
  /// Headers to set on the next request: `Authorization: Bearer …`, an API key, none; a repeated
  /// request needs new ones. Refreshes ahead of expiry. What `line` points to must outlive the
  /// call. Errors: sign_in_required and what refresh may end in.
  virtual Task<Result<std::vector<Header>>> headers(RequestLine line = {}) = 0;
  /// The same where nothing must be waited for; nothing: ask headers(). A coroutine less on the
  /// path of a call.
  virtual std::optional<std::vector<Header>> headers_at_hand() { return std::nullopt; }
  /// The last headers() made a proof of possession, so that on_answer() may want the request again.
  virtual bool has_proved() const { return false; }
  /// Learns from the answer to a request that had a proof. True: the server wants the same request
  /// with its nonce (RFC 9449 §9), and has not carried it out.
  virtual bool on_answer(std::string_view url, int status, const http::Headers& headers) {
    (void)url, (void)status, (void)headers;
    return false;
  }
};

/// Answers what a server asks the person: elicitation (form, url), sampling, roots. Null where
/// nobody can answer.
class Interaction {
 public:
  virtual ~Interaction() = default;
  virtual const mcp::ClientCapabilities& capabilities() const = 0;
  /// The raw JSON result for the server's request, or an error that is answered as JSON-RPC error.
  virtual Task<Result<std::string>> answer(std::string_view method, std::string_view params) = 0;
  /// A modern server's `input_required` is handed up as it came, for a requester who does the
  /// rounds itself; answer() is asked only where the server is legacy and its request waits.
  virtual bool relays_input_required() const { return false; }
  /// Of what is relayed: this kind of question is answered here all the same.
  virtual bool keeps(std::string_view method) const {
    (void)method;
    return false;
  }
};

/// Whether a person may be asked while the request is under way: then it may take as long as any.
inline bool may_ask_person(const mcp::Request& request, const Interaction* interaction) {
  if (interaction == nullptr || request.firm_timeout) return false;
  const mcp::ClientCapabilities& can = interaction->capabilities();
  return can.elicitation_form || can.elicitation_url || can.sampling;
}

/// What the handshake or server/discover told. Untrusted, for display and routing only.
struct ServerInfo {
  mcp::Era era = mcp::Era::legacy;
  std::string protocol_version;
  std::string name;
  std::string version;
  std::string title;
  std::string instructions;
  std::string capabilities = "{}";  ///< raw JSON object
};

/// What the server grants of an interest, or that it wants a credential first.
using Followed = std::variant<mcp::Interest, mcp::HttpRefusal>;

class Peer {
 public:
  virtual ~Peer() = default;
  /// Sends one request and awaits its answer. MRTR rounds and requests of the server are answered
  /// through `interaction` when given and returned as they are (resultType input_required) when
  /// not. Errors: outcome_unknown, unavailable, timeout, session_lost (only when re-establishing
  /// failed or repeating would be unsafe), protocol, too_large, cancelled, tls, blocked_address,
  /// and the authorizer's.
  virtual Task<Result<mcp::Answer>> request(mcp::Request request, Interaction* interaction) = 0;
  virtual const ServerInfo& info() const = 0;
  /// What the server should tell outside of requests; replaces what was asked before, and holds
  /// until the peer is closed, across lost streams and renewed sessions. It arrives at the target's
  /// `notifications`. Returns what the server grants. Modern: one subscriptions/listen, opened anew
  /// when it breaks, after which every followed list counts as changed. Legacy:
  /// resources/subscribe, resources/unsubscribe and logging/setLevel; list changes come unasked.
  /// Errors: as request().
  virtual Task<Result<Followed>> follow(mcp::Interest interest) = 0;
  /// False once what is followed does not arrive any more and will not by itself: follow() must be
  /// called again.
  virtual bool hears() const { return alive(); }
  /// Ends the session politely (DELETE, stdin close). Idempotent.
  virtual Task<> close() = 0;
  /// False once the process has exited or the session cannot be used any more.
  virtual bool alive() const = 0;
};

}  // namespace gatehouse::mcp_client
