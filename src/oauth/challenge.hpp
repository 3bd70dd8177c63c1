// WWW-Authenticate challenges (RFC 9110 §11.6.1, RFC 6750 §3, RFC 9728 §5.1): several in one value,
// several values, parameters in any order. Pure and total: what cannot be read is skipped, what can
// be is kept. Used by discovery, token_source and the upstream layer on 401 and 403.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatehouse::oauth {

struct Challenge {
  std::string scheme;   ///< lower case: "bearer", "basic", "dpop"
  std::string token68;  ///< "Negotiate abc==": the token; empty where there are parameters
  std::vector<std::pair<std::string, std::string>>
      parameters;  ///< names lower case, values unquoted, in order, duplicates kept

  /// The first parameter of that (lower-case) name: a later duplicate never overrides it.
  std::optional<std::string_view> find(std::string_view name) const;
};

/// All challenges of one field value, in order.
std::vector<Challenge> parse_challenges(std::string_view value);
/// All challenges of several WWW-Authenticate fields, in order.
std::vector<Challenge> parse_challenges(std::span<const std::string> values);
std::vector<Challenge> parse_challenges(std::span<const std::string_view> values);

/// What the Bearer challenges of an answer say together; the first that has a parameter gives it.
struct BearerChallenge {
  std::string resource_metadata;  ///< RFC 9728; empty when absent
  std::string scope;              ///< space separated; empty when absent
  std::string error;              ///< invalid_token, insufficient_scope, …; empty when absent
  std::string error_description;  ///< remote text: quote before showing
};

/// Nothing when no challenge has the scheme Bearer or DPoP.
std::optional<BearerChallenge> find_bearer(std::span<const Challenge> challenges);

}  // namespace gatehouse::oauth
