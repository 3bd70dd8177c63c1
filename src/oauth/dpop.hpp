// Demonstrating Proof of Possession (RFC 9449), client side: proofs, and the nonces that servers
// hand out. A proof is made for one request and never sent twice: its `jti` is new each time, also
// when a request is repeated with a nonce. Pure but for randomness.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/message.hpp"
#include "oauth/challenge.hpp"
#include "oauth/jose.hpp"

namespace gatehouse::oauth {

struct DpopClaims {
  std::string_view method;        ///< `htm`
  std::string_view url;           ///< `htu` is this without query and fragment (§4.2)
  std::string_view access_token;  ///< `ath` is its hash; empty at the token endpoint
  std::string_view nonce;         ///< the server's; empty: none is known
  SystemTime now{};
};
/// The value of the `DPoP` header. Errors: invalid_argument (URL, public key), bug.
Result<std::string> make_dpop_proof(const JoseKey& key, const DpopClaims& claims);

/// The `DPoP-Nonce` of an answer (§8, §9); nothing when absent, longer than 512 bytes or of other
/// characters than NQCHAR.
std::optional<std::string> find_dpop_nonce(const http::Headers& headers);

/// A token endpoint's answer is a wish for a nonce: `use_dpop_nonce` (§8).
bool wants_dpop_nonce(int status, std::string_view body);
/// The same of a protected resource (§9): 401 with a DPoP challenge that says so, or that gives no
/// reason.
bool wants_dpop_nonce(int status, std::span<const std::string_view> challenges);

/// One of the challenges has the scheme DPoP.
bool challenges_for_dpop(std::span<const Challenge> challenges);

/// The last nonce of each origin. Bounded; the nonce of a forgotten origin costs one repetition.
class DpopNonces final {
 public:
  /// Empty when none is known.
  std::string find(std::string_view url) const;
  void remember(std::string_view url, std::string nonce);

 private:
  static constexpr std::size_t kMost = 256;
  std::map<std::string, std::string, std::less<>> nonces_;  ///< by origin
};

}  // namespace gatehouse::oauth
