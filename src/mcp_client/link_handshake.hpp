// The legacy handshake over a MessageLink, the same for a child process and for HTTP+SSE of
// 2024-11-05. Called by open_stdio() and SsePeer.
#pragma once

#include <chrono>
#include <variant>

#include "mcp_client/message_link.hpp"

namespace gatehouse::mcp_client {

/// What `initialize` came to; ServerInfo on success, and then the link is ready.
using LinkHandshake = std::variant<ServerInfo, mcp::HttpRefusal, mcp::RpcError>;

/// Errors: unavailable (the other side ended, with its epitaph), timeout, unsupported (its protocol
/// version), those of Carrier::send.
Task<Result<LinkHandshake>> initialize(MessageLink& link, std::chrono::milliseconds timeout);

}  // namespace gatehouse::mcp_client
