// TokenCache: who a bearer token is, in memory of one shard (design §3, "Waiting"). Filled from the
// store, dropped by the change feed; the hot path only looks up a hash. Unknown tokens are
// remembered too, in bounded number, so that bad ones cannot make the store work.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/clock.hpp"
#include "identity/principal.hpp"
#include "vault/store.hpp"

namespace gatehouse::identity {

using PrincipalPtr = std::shared_ptr<const Principal>;

class TokenCache final {
 public:
  /// Both must outlive the cache.
  TokenCache(vault::AgentTokenStore& store, const Clock& clock);

  /// The principal of a token that is known and valid now; nothing when the store must be asked
  /// (find); null when it is known to be no good. Never waits.
  std::optional<PrincipalPtr> find_cached(std::string_view token) const;
  /// The same, asking the store when needed. Errors: storage.
  Task<Result<PrincipalPtr>> find(std::string token);

  /// From the change feed.
  void on_change(const vault::Change& change);
  /// The feed was silent: nothing in memory may be trusted.
  void drop();

  static constexpr std::size_t kMaxKnown = 100'000;
  static constexpr std::size_t kMaxUnknown = 1024;

 private:
  struct Entry {
    PrincipalPtr principal;
    std::optional<SystemTime> expires_at;
  };

  vault::AgentTokenStore& store_;
  const Clock& clock_;
  std::unordered_map<std::string, Entry> known_;  ///< by raw SHA-256
  std::unordered_set<std::string> unknown_;
  std::uint64_t generation_ = 0;  ///< changes under a load in flight make its result uncacheable
};

}  // namespace gatehouse::identity
