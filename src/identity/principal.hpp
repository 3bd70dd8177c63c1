// Principal: the authenticated caller of one request (design §2). Made by token verification only;
// values everywhere else.
#pragma once

#include <string>
#include <vector>

#include "base/ids.hpp"

namespace gatehouse::identity {

struct Principal {
  OrganizationId organization;
  MemberId member;
  std::string client;  ///< the token's name, for audit and session binding
  std::vector<std::string> scopes;
  TokenId token;
};

}  // namespace gatehouse::identity
