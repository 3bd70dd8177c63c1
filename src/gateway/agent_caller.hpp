// AgentCaller: the caller of one request to the gateway, whichever endpoint it came to. Made by
// AgentAuthenticator for HTTP and by Gateway for lines.
#pragma once

#include <memory>

#include "identity/principal.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::gateway {

struct AgentCaller final : mcp_server::Caller {
  identity::Principal principal;
};

/// A caller whose identity text is made from the principal, for binding of sessions.
std::shared_ptr<const AgentCaller> make_caller(identity::Principal principal);

const AgentCaller& caller_of(const mcp_server::Call& call);

}  // namespace gatehouse::gateway
