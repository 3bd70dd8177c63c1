// Which era a message belongs to, and the rules a modern request's envelope must keep before its
// method is looked at (reference B-5, H-1 … H-5, V-3). Pure. Used by both endpoints.
#pragma once

#include <optional>
#include <string_view>

#include "http/message.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/param_headers.hpp"
#include "mcp/request.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::mcp_server {

/// Modern when `_meta` names a protocol version, or when the version header is there and names none
/// of the legacy revisions (V-3); `version_header` is empty over lines.
mcp::Era classify(const jsonrpc::Message& message, std::optional<std::string_view> version_header);

// What is wrong with a modern request, to be asked in this order; a header that contradicts the
// body comes before a version that nobody knows.

/// -32602 for missing or malformed keys of `_meta` (B-5).
std::optional<Reply::Failure> check_meta(const jsonrpc::Message& message);
/// -32020 when the version header is missing or differs from `_meta` (H-1). HTTP only.
std::optional<Reply::Failure> check_version_header(const jsonrpc::Message& message,
                                                   const http::Headers& headers);
/// -32022 for a version we do not speak.
std::optional<Reply::Failure> check_version(const jsonrpc::Message& message);
/// -32020 for the other headers (H-3, H-4); Mcp-Name is compared for methods that have one.
std::optional<Reply::Failure> check_headers(const jsonrpc::Message& message,
                                            const http::Headers& headers);

/// -32020 when an argument that `plan` names is not repeated in its header as it is in the raw
/// `arguments` (empty: none), or a header repeats what is not there (H-9).
std::optional<Reply::Failure> check_param_headers(const mcp::HeaderPlan& plan,
                                                  std::string_view arguments,
                                                  const http::Headers& headers);

/// initialize, ping and what else 2026-07-28 has removed: unknown inside a modern envelope.
bool is_removed_method(std::string_view method);

/// -32022 with data.supported and data.requested (H-1).
Reply::Failure unsupported_version(std::string_view requested);
/// -32601 naming the method.
Reply::Failure unknown_method(std::string_view method);

/// The HTTP status that carries an error of a modern request (H-1, H-2, B-7).
int http_status_of(const Reply::Failure& failure);

}  // namespace gatehouse::mcp_server
