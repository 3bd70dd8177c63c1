// JSON-RPC 2.0 messages: proved and taken apart in one pass, put together by splicing. What is
// proved is what is sent (design §3, "Bytes"). Called by every transport in both directions. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/frame_pool.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::jsonrpc {

// Codes of JSON-RPC 2.0 §5.1; those of MCP are in mcp/error_codes.hpp.
inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kInternalError = -32603;

struct RawMember {
  std::string_view raw_key;  ///< inside of the literal, escapes kept
  std::string_view value;    ///< raw JSON
};
using RawMembers = std::vector<RawMember, PoolAllocator<RawMember>>;

enum class MessageKind { request, notification, result, error };

/// One message. Views borrow the proved bytes; raw values have no white space around them.
struct Message {
  MessageKind kind = MessageKind::notification;
  std::string_view id;      ///< raw: a string literal or an integer; empty when absent or null
  std::string method;       ///< decoded; requests and notifications
  std::string_view params;  ///< raw object; empty when absent
  std::string_view result;  ///< raw, any kind of value; results
  std::string_view error;   ///< raw object; errors

  /// The members of `params` (requests and notifications) or of an object `result`, in order.
  RawMembers members;
  /// The members of params._meta or result._meta.
  RawMembers meta;

  /// Raw value of a member of params or result; empty when absent.
  std::string_view member(std::string_view name) const;
  /// Raw value of a member of _meta; empty when absent.
  std::string_view meta_member(std::string_view name) const;
  /// A string member of params or result, decoded; nothing when absent or no string.
  std::optional<std::string> string_member(std::string_view name) const;
};

/// Proves `bytes`: one JSON-RPC 2.0 message as UTF-8 JSON of bounded depth, nothing but white space
/// after it, no member name twice in any object. Errors: parse (no JSON; answer -32700),
/// invalid_argument (JSON, but no JSON-RPC message, or a batch; answer -32600), too_large (depth).
Result<Message> prove(std::string_view bytes, int max_depth = limits::kJsonDepth);

/// The same for a batch of at most `max_messages` (2025-03-26) or a single message. Messages that
/// are no JSON-RPC fail the whole.
Result<std::vector<Message>> prove_batch(std::string_view bytes, std::size_t max_messages = 100,
                                         int max_depth = limits::kJsonDepth);

/// Tells what a refused message's id was, if it can still be read, so that the error can carry it.
std::string best_effort_id(std::string_view bytes);

/// Proved JSON without line breaks outside strings, for framing by line. (Inside strings JSON has
/// none.) Returns false and leaves `out` alone when there are none to drop.
bool drop_line_breaks(std::string_view json, std::string& out);

// Building. All `raw` parameters are proved JSON; numbers, order and escapes survive.

/// {"jsonrpc":"2.0","id":ID,"method":"…","params":{…}}; without params when `raw_params` is empty.
std::string make_request(std::string_view raw_id, std::string_view method,
                         std::string_view raw_params = {});
std::string make_notification(std::string_view method, std::string_view raw_params = {});
std::string make_result(std::string_view raw_id, std::string_view raw_result);
/// `raw_id` empty means null; `raw_data` empty means absent.
std::string make_error(std::string_view raw_id, int code, std::string_view message,
                       std::string_view raw_data = {});

/// A JSON-RPC error object taken apart.
struct ErrorObject {
  int code = kInternalError;
  std::string message;  ///< the peer's words: untrusted
  std::string data;     ///< raw; empty when absent
};
/// From Message::error. An object without integral code or message is filled with defaults.
ErrorObject parse_error_object(std::string_view raw_error);

}  // namespace gatehouse::jsonrpc
