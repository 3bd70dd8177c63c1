// Replies that the endpoints of the gateway give alike: what went wrong, in the words and at the
// level (tool result, JSON-RPC error, HTTP) that the reader can act on. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/pipeline.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::gateway {

/// A tools/call result of one text block.
mcp_server::Reply text_reply(std::string_view text, bool is_error);
mcp_server::Reply failure_reply(int code, std::string message, std::string raw_data = {});
/// A result passed on as it came, but for what the revision of a legacy caller would not take.
mcp_server::Reply result_reply(const mcp_server::Call& call, mcp::Success success);

/// What went wrong with a request, as what its method can carry: a tool result with isError, which
/// a model reads, for tools/call, and a JSON-RPC error for everything else.
mcp_server::Reply problem_reply(const mcp_server::Call& call, std::string_view text,
                                int code = -32603);

/// What a model reads when an upstream failed: the cause, and whether repeating makes sense.
std::string explain(const Error& error);

/// Refusals that HTTP has a status for: 403 insufficient_scope, naming every scope the operation
/// needs (RFC 6750 §3.1, design §3), and 429 with Retry-After for what comes too fast (RFC 6585
/// §4). Nothing for the others.
std::optional<mcp_server::Reply> http_refusal(const Refused& refused,
                                              std::string_view resource_metadata_url);

/// A server's JSON-RPC error as ours (reference G-9): its code, words and data, bounded and made
/// visible. What concerns our own hop to it never leaks, and codes that the caller's revision does
/// not know are exchanged.
mcp_server::Reply error_reply(const mcp_server::Call& call, const mcp::RpcError& error);

}  // namespace gatehouse::gateway
