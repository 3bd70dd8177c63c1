// TokenCache: who a bearer token is, from one shard's memory (design §3). Filled from the store,
// dropped by the change feed: a revocation is seen at once in the process that made it and within
// 250 ms in others. While the feed is silent nothing cached is used.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/keyed_digest.hpp"
#include "base/result.hpp"
#include "identity/principal.hpp"
#include "vault/feed_reader.hpp"
#include "vault/store.hpp"

namespace gatehouse::identity {

using PrincipalPtr = std::shared_ptr<const Principal>;

class TokenCache final {
 public:
  /// All must outlive the cache; it does not subscribe by itself. Without `feed` (null) no silence
  /// is noticed: only for a store that nobody else writes to.
  TokenCache(vault::AgentTokenStore& store, const Clock& clock,
             const vault::FeedReader* feed = nullptr);

  /// Without waiting: the principal, null when the token is known to be no good (malformed,
  /// unknown, expired, revoked), or nothing when the store must be asked: find().
  std::optional<PrincipalPtr> find_cached(std::string_view token) const;

  /// Null when the token is no good. Errors: storage.
  Task<Result<PrincipalPtr>> find(std::string token);

  /// From the change feed.
  void on_change(const vault::Change& change);
  void drop();

  static constexpr std::size_t kMaxKnown = 10'000;
  static constexpr std::size_t kMaxUnknown = 1024;
  /// Entries held, good and bad.
  std::size_t size() const { return good_.size() + bad_.size(); }

 private:
  struct Entry {
    PrincipalPtr principal;
    std::optional<SystemTime> expires_at;
  };

  bool may_keep() const { return feed_ == nullptr || feed_->is_fresh(); }
  static PrincipalPtr principal_of(const vault::AgentToken& token);

  vault::AgentTokenStore& store_;
  const vault::FeedReader* feed_;
  const Clock& clock_;
  // By a digest under a key of this cache, which takes a sixth of the time of SHA-256. Apart, so
  // that bad tokens cannot push out good ones.
  KeyedDigest digest_;
  std::unordered_map<KeyedDigest::Value, Entry, KeyedDigest::Hash> good_;
  /// well-formed, but unknown or revoked
  std::unordered_set<KeyedDigest::Value, KeyedDigest::Hash> bad_;
  std::uint64_t generation_ = 0;  ///< counts drops: what was read before one is not kept after it
};

}  // namespace gatehouse::identity
