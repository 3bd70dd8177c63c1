// The filter of subscriptions/listen and of its acknowledgement, from and to an Interest (L-1, L-2;
// tasks extension: taskIds). Used by both directions. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "mcp/interest.hpp"

namespace gatehouse::mcp {

/// The `notifications` object: {"toolsListChanged":true,"resourceSubscriptions":["…"]}. The log
/// level has no place in it.
std::string make_listen_filter(const Interest& interest);

/// From a proved raw `notifications` object. Unknown members and `false` count as not wanted.
/// `most`: resources, and tasks, that it may name. Errors: invalid_argument (no object; a known
/// member of the wrong kind), too_large.
Result<Interest> parse_listen_filter(std::string_view raw,
                                     std::size_t most = limits::kFollowedResources);

/// What of `wanted` is in `granted` as well; the log level is that of `wanted` where any is
/// granted.
Interest intersect(const Interest& wanted, const Interest& granted);

/// Whether somebody with this interest hears the notification: list changes, updates of a followed
/// resource or of what is below it, tasks. `params` is proved and raw. notifications/message counts
/// whatever its level.
bool hears(const Interest& interest, std::string_view method, std::string_view params);

}  // namespace gatehouse::mcp
