// Interest: what one side wants to hear of the other outside of requests: the filter of
// subscriptions/listen, or what a legacy session subscribed to (reference L-1 … L-4, O-6). Used by
// mcp_server for what comes in, by mcp_client and upstream for what we ask of servers.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace gatehouse::mcp {

struct Interest {
  bool tools = false;                                ///< notifications/tools/list_changed
  bool prompts = false;                              ///< notifications/prompts/list_changed
  bool resources = false;                            ///< notifications/resources/list_changed
  std::set<std::string, std::less<>> resource_uris;  ///< notifications/resources/updated
  std::set<std::string, std::less<>> task_ids;       ///< notifications/tasks (tasks extension)
  /// Lowest level of notifications/message that is wanted; empty: none asked for. Legacy only, for
  /// a modern client asks with each request.
  std::string log_level;

  bool empty() const {
    return !tools && !prompts && !resources && resource_uris.empty() && task_ids.empty() &&
           log_level.empty();
  }
  friend bool operator==(const Interest&, const Interest&) = default;
};

}  // namespace gatehouse::mcp
