#include "gateway/agent_caller.hpp"

namespace gatehouse::gateway {

std::shared_ptr<const AgentCaller> make_caller(identity::Principal principal) {
  auto caller = std::make_shared<AgentCaller>();
  caller->identity =
      principal.organization.value + "/" + principal.member.value + "/" + principal.token.value;
  caller->principal = std::move(principal);
  return caller;
}

const AgentCaller& caller_of(const mcp_server::Call& call) {
  return static_cast<const AgentCaller&>(call.caller());
}

}  // namespace gatehouse::gateway
