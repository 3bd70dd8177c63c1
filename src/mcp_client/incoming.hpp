// What arrives for a request of ours, judged: HTTP statuses, JSON-RPC answers, the handshake's
// results. Used by the HTTP peers and the era probe. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/client.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/request.hpp"
#include "mcp_client/peer.hpp"

namespace gatehouse::mcp_client {

/// 401 and 403 as they came; nothing for other statuses.
std::optional<mcp::HttpRefusal> refusal_of(const http::Reply& reply);

/// The error for a status that carries no JSON-RPC answer: rate_limited, server_error, rejected.
/// `url` names the server.
Error status_error(int status, std::string_view body, std::string_view url);

/// No answer in time: timeout where repeating `method` is safe, outcome_unknown elsewhere.
Error no_answer_error(std::string_view method, std::chrono::milliseconds waited);

/// The JSON-RPC error in a body, if it is one of MCP's modern codes or any other.
std::optional<mcp::RpcError> rpc_error_of(std::string_view body);

/// True when `raw_id` is the text of `id`.
bool is_id(std::string_view raw_id, std::int64_t id);

/// A result or error message as an answer that owns its bytes: `bytes` is what `message` borrows.
mcp::Answer to_answer(const jsonrpc::Message& message, std::string bytes);

/// From the raw result of `initialize` or `server/discover`.
ServerInfo parse_server_info(std::string_view raw_result, mcp::Era era, std::string version);

/// Strings of data.supported of an UnsupportedProtocolVersion error.
std::vector<std::string> supported_versions(const mcp::RpcError& error);

}  // namespace gatehouse::mcp_client
