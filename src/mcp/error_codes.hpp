// JSON-RPC error codes of MCP (B-9, B-12). Those of JSON-RPC itself are in jsonrpc/message.hpp.
#pragma once

namespace gatehouse::mcp {

inline constexpr int kHeaderMismatch = -32020;
inline constexpr int kMissingRequiredClientCapability = -32021;
inline constexpr int kUnsupportedProtocolVersion = -32022;

// Legacy codes: received, never sent.
inline constexpr int kLegacyResourceNotFound = -32002;
inline constexpr int kLegacyUrlElicitationRequired = -32042;  ///< 2025-11-25; sent to such sessions

/// Only a server of 2026-07-28 or later answers these: the server is modern whatever the status.
constexpr bool is_modern_error(int code) {
  return code == kHeaderMismatch || code == kMissingRequiredClientCapability ||
         code == kUnsupportedProtocolVersion;
}

}  // namespace gatehouse::mcp
