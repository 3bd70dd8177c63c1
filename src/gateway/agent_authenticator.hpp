// AgentAuthenticator: bearer tokens of agents (RFC 6750) with RFC 9728 metadata in the challenge.
// The same answer for every method and era, so that nothing can be learned without a token; each
// endpoint is a protected resource of its own, whether or not there is anything behind it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "gateway/agent_caller.hpp"
#include "gateway/front_door.hpp"
#include "identity/token_cache.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::gateway {

class AgentAuthenticator final : public mcp_server::Authenticator {
 public:
  /// Both must outlive the authenticator.
  AgentAuthenticator(const FrontDoor& door, identity::TokenCache& tokens);

  Task<std::variant<std::shared_ptr<const mcp_server::Caller>, http::Response>> authenticate(
      const http::Exchange& exchange) override;

 private:
  http::Response challenge(const http::Request& request, std::string_view error) const;

  const FrontDoor& door_;
  identity::TokenCache& tokens_;
  /// Callers by principal, so that a request allocates none.
  std::map<std::shared_ptr<const identity::Principal>, std::shared_ptr<const AgentCaller>> callers_;
};

/// The answer to a Host or Origin that is not ours.
http::Response refuse_at_door(FrontDoor::Verdict verdict);

}  // namespace gatehouse::gateway
