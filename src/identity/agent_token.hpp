// Agent tokens: 256 random bits with a prefix that scanners recognise and a checksum that catches
// typos, stored as SHA-256 (design: rule 7). Pure but for randomness.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace gatehouse::identity {

inline constexpr std::string_view kAgentTokenPrefix = "gh_";

struct NewAgentToken {
  Secret text;       ///< shown once
  std::string hash;  ///< what is stored
};

/// `gh_` + 43 base64url characters + 6 of checksum.
NewAgentToken make_agent_token();

/// Shape and checksum are right; says nothing about validity.
bool looks_like_agent_token(std::string_view text);

/// Hex of SHA-256 of the whole text.
std::string hash_of_agent_token(std::string_view text);

}  // namespace gatehouse::identity
