// Ids are types, so that a member cannot be passed where a connection is meant. Values are opaque
// text.
#pragma once

#include <compare>
#include <functional>
#include <string>

#include "base/random.hpp"

namespace gatehouse {

template <class Tag>
struct Id {
  std::string value;

  /// A new id of 128 random bits with the tag's prefix, such as `con_…`.
  static Id make() { return Id{std::string(Tag::prefix) + random_token(16)}; }
  bool empty() const { return value.empty(); }
  friend auto operator<=>(const Id&, const Id&) = default;
};

struct OrganizationTag {
  static constexpr const char* prefix = "org_";
};
struct MemberTag {
  static constexpr const char* prefix = "mem_";
};
struct ConnectionTag {
  static constexpr const char* prefix = "con_";
};
struct CredentialTag {
  static constexpr const char* prefix = "crd_";
};
struct RegistrationTag {
  static constexpr const char* prefix = "reg_";
};
struct AuthorizationTag {
  static constexpr const char* prefix = "aut_";
};
struct TokenTag {
  static constexpr const char* prefix = "tok_";
};

using OrganizationId = Id<OrganizationTag>;
using MemberId = Id<MemberTag>;
using ConnectionId = Id<ConnectionTag>;
using CredentialId = Id<CredentialTag>;
using RegistrationId = Id<RegistrationTag>;
using AuthorizationId = Id<AuthorizationTag>;
using TokenId = Id<TokenTag>;

/// The laptop's implicit organization and member (design: words).
inline OrganizationId local_organization() {
  return {"org_local"};
}
inline MemberId local_member() {
  return {"mem_local"};
}

}  // namespace gatehouse

template <class Tag>
struct std::hash<gatehouse::Id<Tag>> {
  std::size_t operator()(const gatehouse::Id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.value);
  }
};
