// Bodies of the requests we send, spliced from proved parts (design §3, "Bytes"). Used by every
// peer. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mcp/request.hpp"
#include "mcp_client/connect.hpp"

namespace gatehouse::mcp_client {

struct Outgoing {
  std::string body;
  std::size_t params_at = 0;  ///< where the params object starts in body
  std::size_t params_size = 0;
  std::string_view params() const { return std::string_view(body).substr(params_at, params_size); }
};

/// A modern request: `_meta` with protocol version, client capabilities and clientInfo (B-5), a
/// progress token when there is a sink. `extra_members` (with its leading comma) ends up in params.
Outgoing make_modern_body(const mcp::Request& request, std::int64_t id, std::string_view version,
                          std::string_view raw_client_info, std::string_view raw_capabilities,
                          std::string_view extra_members = {});

/// A legacy request: `_meta` only for the progress token (tools/call) and what is passed on.
Outgoing make_legacy_body(const mcp::Request& request, std::int64_t id);

std::string make_initialize(std::int64_t id, std::string_view version,
                            std::string_view raw_capabilities, std::string_view raw_client_info);

/// notifications/cancelled for a request of ours.
std::string make_cancelled(std::int64_t id, std::string_view reason);

/// {"name":…,"version":…}
std::string make_client_info(const ClientIdentity& identity);

/// Whether sending it twice does no harm: lists, reads, discovery (G-16). tools/call never is.
bool is_safe_to_repeat(std::string_view method);

}  // namespace gatehouse::mcp_client
