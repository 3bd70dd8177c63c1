#include "mcp_server/log_level.hpp"

#include <algorithm>
#include <array>

#include "jsonrpc/json.hpp"

namespace gatehouse::mcp_server {
namespace {

constexpr std::array<std::string_view, 8> kNames{"debug", "info",     "notice", "warning",
                                                 "error", "critical", "alert",  "emergency"};

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<LogLevel>(found - kNames.begin());
}

std::string_view to_string(LogLevel level) {
  return kNames[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> level_of_message(std::string_view params) {
  if (params.empty()) return std::nullopt;
  const auto level = jsonrpc::JsonView::of_proved(params).string("level");
  return level ? parse_log_level(*level) : std::nullopt;
}

bool reaches(LogFloor floor, std::string_view params) {
  if (!floor) return false;
  const auto level = level_of_message(params);
  return level && *level >= *floor;
}

}  // namespace gatehouse::mcp_server
