// Principal: the authenticated caller of one request (design §2). Made by token verification only;
// values everywhere else.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"

namespace gatehouse::identity {

struct Principal {
  OrganizationId organization;
  MemberId member;
  std::string client;  ///< the token's name, for audit and session binding
  std::vector<std::string> scopes;
  TokenId token;
  std::optional<SystemTime> expires_at;  ///< of the token; nothing: it does not
};

}  // namespace gatehouse::identity
