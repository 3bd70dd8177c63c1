// The head of a request as bytes (RFC 9112 §3), written without intermediate values. Pure. Used by
// GuardedClient.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"

namespace gatehouse::net {

struct HeadSpec {
  std::string_view target;               ///< origin-form, or absolute-form through a proxy
  std::string_view host;                 ///< value of Host
  std::string_view user_agent;           ///< unless the request has one
  std::string_view accept_encoding;      ///< unless the request has one
  std::string_view proxy_authorization;  ///< empty: none
};

/// Appends the head to `out`. Errors: invalid_argument for a method, name or value that would break
/// the message, and for fields that belong to the connection (Host, Content-Length …).
Result<void> write_request_head(const http::Request& request, const HeadSpec& spec,
                                std::string& out);

}  // namespace gatehouse::net
