// hand_over: an HTTP exchange that came in on one shard and is answered by another, which owns what
// it is about: a legacy session, a connect link (design §5). The connection and its pace stay
// where they are: every write waits until the connection's shard has taken it.
#pragma once

#include "async/shards.hpp"
#include "http/server.hpp"

namespace gatehouse::gateway {

/// Lets `there`, which belongs to shard `to`, answer `exchange`, which belongs to the shard of the
/// awaiting task. Returns when the handler has; its exceptions are rethrown here. A client that
/// leaves cancels the handler's Exchange::disconnected(); ending the awaiting task cancels the
/// handler, whose end is awaited.
Task<> hand_over(http::Exchange& exchange, ShardPlace place, std::size_t to, http::Handler& there);

}  // namespace gatehouse::gateway
