// What the `initialize` of a legacy server declares for one request, and thereby which of its
// sessions the request may use: a session is opened once, but a server must not be told of a
// capability that the requester of this call lacks (specification: lifecycle; E-1, E-5). Pure.
#pragma once

#include <string>
#include <string_view>

#include "mcp_client/peer.hpp"

namespace gatehouse::upstream {

enum class Roots { of_requester, of_connection };

/// What the requester declared and `interaction` can pass on to them; nothing without interaction
/// but extensions, which ask for no answer. Roots that the connection has itself are left out: they
/// are declared to every session. `raw` is "{}" when nothing is left.
mcp::ClientCapabilities relayed_capabilities(const mcp::Request& request,
                                             const mcp_client::Interaction* interaction,
                                             Roots roots);

/// The more talkative of two levels of notifications/message; either may be empty.
std::string_view lower_level(std::string_view a, std::string_view b);

}  // namespace gatehouse::upstream
