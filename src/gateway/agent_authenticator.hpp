// AgentAuthenticator: bearer tokens of agents (RFC 6750) with RFC 9728 metadata in the challenge.
// The same answer for every method and era, so that nothing can be learned without a token; each
// endpoint is a protected resource of its own, whether or not there is anything behind it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
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

  /// Caller::identity of whoever came with that token and may still hold a session or a stream.
  std::set<std::string> identities_of(const TokenId& token) const;
  /// The same of those whose token has expired. Asked again, it tells only who still holds on.
  std::set<std::string> take_expired(SystemTime now);
  /// When the next token of a known caller expires, or has; nothing: none will.
  std::optional<SystemTime> next_expiry() const;
  /// Called when a caller is met whose token will expire.
  void on_expiring(std::function<void()> met) { met_expiring_ = std::move(met); }

 private:
  http::Response challenge(const http::Request& request, std::string_view error) const;

  const FrontDoor& door_;
  identity::TokenCache& tokens_;
  void make_room();

  /// Callers by principal, so that a request allocates none; those in use are never forgotten.
  std::map<std::shared_ptr<const identity::Principal>, std::shared_ptr<const AgentCaller>> callers_;
  std::function<void()> met_expiring_;
  std::size_t room_;  ///< as many are kept
};

/// The answer to a Host or Origin that is not ours.
http::Response refuse_at_door(FrontDoor::Verdict verdict);

}  // namespace gatehouse::gateway
