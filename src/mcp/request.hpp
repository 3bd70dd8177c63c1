// The one internal request and answer between gateway, upstream and the clients of each era (design
// §5). Raw JSON stays raw: what was proved is what is sent. Made by gateway fronts and commands,
// consumed by mcp_client.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "async/cancel.hpp"
#include "base/limits.hpp"

namespace gatehouse::mcp {

enum class Era { modern, legacy };  ///< 2026-07-28 and later / 2025-11-25 and earlier

/// What the requester can do when the server asks back. Raw because unknown members must survive.
struct ClientCapabilities {
  bool elicitation_form = false;
  bool elicitation_url = false;
  bool sampling = false;
  bool roots = false;
  std::string raw = "{}";  ///< the capabilities object as declared
};

/// A slice of a buffer that owns the bytes; movable without invalidating the slice.
struct RawJson {
  std::string buffer;
  std::size_t offset = 0;
  std::size_t length = 0;

  RawJson() = default;
  explicit RawJson(std::string json) : buffer(std::move(json)), length(buffer.size()) {}
  RawJson(std::string bytes, std::size_t at, std::size_t size)
      : buffer(std::move(bytes)), offset(at), length(size) {}
  std::string_view view() const { return std::string_view(buffer).substr(offset, length); }
};

/// Receives what the server sends while a request is under way. Raw JSON-RPC notifications: method
/// and params object.
class NotificationSink {
 public:
  virtual ~NotificationSink() = default;
  virtual void on_notification(std::string_view method, std::string_view params) = 0;
};

struct Request {
  std::string_view method;  ///< "tools/call"
  /// The members of `params` without braces, without `_meta`: `"name":"x","arguments":{…}`; may be
  /// empty. Proved JSON on one line.
  std::vector<std::string_view> params;  ///< concatenated when sent
  std::string_view name;  ///< tool or prompt name, or resource URI, for Mcp-Name; empty where the
                          ///< method has none
  std::string_view meta;  ///< further members of `_meta` to pass on (vendor keys, traceparent),
                          ///< without braces; may be empty
  const ClientCapabilities* capabilities = nullptr;  ///< null: none declared
  NotificationSink* sink = nullptr;
  CancelSource* cancel = nullptr;
  std::chrono::milliseconds timeout =
      limits::kCallTimeout;  ///< without progress; progress extends it to kCallTimeoutMax
  /// The timeout is somebody's own word and holds also where a person may be asked meanwhile.
  bool firm_timeout = false;
};

/// `result` of a successful response, as raw JSON object.
struct Success {
  RawJson result;
};

/// A JSON-RPC error the peer answered.
struct RpcError {
  int code = 0;
  std::string message;  ///< as sent by the peer: untrusted
  std::string data;     ///< raw JSON; empty when absent
};

/// The HTTP layer refused: 401 or 403. The upstream layer turns this into refresh, step-up or "sign
/// in".
struct HttpRefusal {
  int status = 0;
  std::vector<std::string> challenges;  ///< WWW-Authenticate values
  std::string body;                     ///< bounded; untrusted
};

using Answer = std::variant<Success, RpcError, HttpRefusal>;

}  // namespace gatehouse::mcp
