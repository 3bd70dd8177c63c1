// The levels of notifications/message (RFC 5424 names; specification: server/utilities/logging) and
// which of them a client wants. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gatehouse::mcp_server {

enum class LogLevel : std::uint8_t {
  debug,
  info,
  notice,
  warning,
  error,
  critical,
  alert,
  emergency
};

/// "warning" and so on; nothing for any other text.
std::optional<LogLevel> parse_log_level(std::string_view name);
std::string_view to_string(LogLevel level);
/// The level of a notifications/message from its raw params; nothing when there is none.
std::optional<LogLevel> level_of_message(std::string_view params);

/// Below which level messages are dropped; nothing: all of them are.
using LogFloor = std::optional<LogLevel>;
bool reaches(LogFloor floor, std::string_view params);

}  // namespace gatehouse::mcp_server
