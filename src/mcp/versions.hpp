// Protocol revisions and the two eras (specification: versioning). Used by both directions. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mcp/request.hpp"

namespace gatehouse::mcp {

inline constexpr std::string_view kModernVersion = "2026-07-28";
/// Newest first.
inline constexpr std::array<std::string_view, 1> kModernVersions{kModernVersion};
inline constexpr std::array<std::string_view, 3> kLegacyVersions{"2025-11-25", "2025-06-18",
                                                                 "2025-03-26"};
/// The first revision: its own transport over HTTP; over lines it only lacks things.
inline constexpr std::string_view kOldestVersion = "2024-11-05";

inline bool is_modern_version(std::string_view version) {
  return std::ranges::find(kModernVersions, version) != kModernVersions.end();
}
inline bool is_legacy_version(std::string_view version) {
  return std::ranges::find(kLegacyVersions, version) != kLegacyVersions.end();
}

/// The newest modern version that we and the server speak (V-2); nothing when there is none.
template <class Range>
std::optional<std::string> choose_modern_version(const Range& supported) {
  for (const std::string_view ours : kModernVersions) {
    for (const auto& theirs : supported) {
      if (ours == theirs) return std::string(ours);
    }
  }
  return std::nullopt;
}

/// What to answer a legacy `initialize` that asks for `requested`: itself when we speak it, else
/// our newest legacy revision (V-3, O-1). The view outlives `requested`.
inline std::string_view negotiate_legacy_version(std::string_view requested) {
  const auto known = std::ranges::find(kLegacyVersions, requested);
  return known != kLegacyVersions.end() ? *known : kLegacyVersions.front();
}

// Keys of `_meta` (B-5, B-6).
inline constexpr std::string_view kMetaProtocolVersion = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kMetaClientCapabilities =
    "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view kMetaClientInfo = "io.modelcontextprotocol/clientInfo";
inline constexpr std::string_view kMetaServerInfo = "io.modelcontextprotocol/serverInfo";
inline constexpr std::string_view kMetaLogLevel = "io.modelcontextprotocol/logLevel";
inline constexpr std::string_view kMetaSubscriptionId = "io.modelcontextprotocol/subscriptionId";

// Header names (H-1, H-3, H-6, O-2).
inline constexpr std::string_view kHeaderProtocolVersion = "MCP-Protocol-Version";
inline constexpr std::string_view kHeaderMethod = "Mcp-Method";
inline constexpr std::string_view kHeaderName = "Mcp-Name";
inline constexpr std::string_view kHeaderParamPrefix = "Mcp-Param-";
inline constexpr std::string_view kHeaderSessionId = "Mcp-Session-Id";

}  // namespace gatehouse::mcp
