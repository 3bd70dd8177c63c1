// The BodyStream of an answer that is handed over while it arrives. Used by GuardedClient.
#pragma once

#include <memory>

#include "http/client.hpp"
#include "net/client_pool.hpp"

namespace gatehouse::net {

/// Takes over a slot whose connection is a stream. `cancel` may be null and must otherwise outlive
/// the stream; `shared` must outlive it.
std::unique_ptr<http::BodyStream> make_body_stream(ClientShared& shared, ClientPool::Slot slot,
                                                   CancelSource* cancel);

}  // namespace gatehouse::net
