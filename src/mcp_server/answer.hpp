// Answers as bytes: a service's Reply with what the era adds or lacks (reference B-3, B-6, K-1,
// §13.5). A large raw result is referred to, not copied. Pure. Used by both endpoints.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "mcp/request.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::mcp_server {

/// What a result needs besides the service's words.
struct AnswerContext {
  mcp::Era era = mcp::Era::modern;
  std::string_view id;           ///< raw id of the request
  std::string_view method;       ///< decides about caching hints
  std::string_view server_info;  ///< raw JSON object for `_meta`; modern only
  std::chrono::milliseconds cache_ttl{0};
};

/// One JSON-RPC response in pieces. Refers to the Reply it was made of. Neither copied nor moved.
class Answer final {
 public:
  /// Modern: resultType, serverInfo and caching hints are added where the result lacks them.
  /// Legacy: resultType, ttlMs and cacheScope are taken out, as is a structuredContent that is no
  /// object.
  Answer(const AnswerContext& context, const Reply::Result& result);
  Answer(std::string_view id, const Reply::Failure& failure);
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  const std::array<std::string_view, 3>& pieces() const { return pieces_; }
  std::string text() const;  ///< the pieces together

 private:
  std::string head_;
  std::string translated_;
  std::array<std::string_view, 3> pieces_;
};

/// {"name":…,"title":…,"version":…}
std::string make_server_info(const ServerDescription& description);
/// Members of the result of server/discover.
std::string make_discover_members(const ServerDescription& description);
/// The result of initialize.
std::string make_initialize_result(const ServerDescription& description, std::string_view version);

}  // namespace gatehouse::mcp_server
