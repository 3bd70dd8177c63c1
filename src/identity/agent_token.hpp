// Agent tokens (design §4.7): 256 random bits in a shape that scanners and typing errors reveal,
//
//   gh_<43 characters: the bits, base64url><6 characters: checksum of all before>
//
// shown once and stored as SHA-256 only. Pure, but for issue_agent_token().
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "vault/store.hpp"

namespace gatehouse::identity {

inline constexpr std::string_view kAgentTokenPrefix = "gh_";
inline constexpr std::size_t kAgentTokenSize = 3 + 43 + 6;

struct NewAgentToken {
  Secret text;       ///< shown once
  std::string hash;  ///< what is stored
};
NewAgentToken make_agent_token();

/// parse unless shape and checksum are right; the detail says what is wrong without repeating the
/// token. Says nothing about validity.
Result<void> check_agent_token(std::string_view text);
inline bool looks_like_agent_token(std::string_view text) {
  return check_agent_token(text).has_value();
}

/// Hex of SHA-256 of the whole text.
std::string hash_of_agent_token(std::string_view text);

enum class TokenState { active, expired, revoked };
TokenState judge(const vault::AgentToken& token, SystemTime now);

struct AgentTokenOrder {
  OrganizationId organization;
  MemberId member;
  std::string name;                 ///< for lists and audit, 1 to 64 printable characters
  std::vector<std::string> scopes;  ///< of decision.hpp; at least one
  std::optional<SystemTime> expires_at;
};

struct IssuedAgentToken {
  vault::AgentToken record;
  Secret token;  ///< to be shown once
};

/// Errors: invalid_argument (name, scope, expiry in the past), storage.
Task<Result<IssuedAgentToken>> issue_agent_token(vault::AgentTokenStore& store,
                                                 AgentTokenOrder order, SystemTime now);

}  // namespace gatehouse::identity
