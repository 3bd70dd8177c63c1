// What a follower asked to hear, as the protocol words it: the filter of subscriptions/listen, its
// acknowledgement, and which notifications are part of it (reference L-1, L-2, O-6). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/interest.hpp"

namespace gatehouse::mcp_server {

/// From the params of subscriptions/listen, kSubscriptions at most. Errors: those of
/// mcp::parse_listen_filter, naming the member of params.
Result<mcp::Interest> parse_listen_filter(const jsonrpc::Message& listen);
/// Params of notifications/subscriptions/acknowledged.
std::string make_acknowledgement(const mcp::Interest& granted, std::string_view raw_id);
/// `params` (a raw object, or empty) with the subscription id in `_meta`, whatever stood there.
std::string add_subscription_id(std::string_view params, std::string_view raw_id);

/// mcp::hears(), and of log messages only those of the level.
bool is_wanted(const mcp::Interest& interest, std::string_view method, std::string_view params);

}  // namespace gatehouse::mcp_server
