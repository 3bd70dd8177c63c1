#include "identity/token_cache.hpp"

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "identity/agent_token.hpp"

namespace gatehouse::identity {

TokenCache::TokenCache(vault::AgentTokenStore& store, const Clock& clock)
    : store_(store), clock_(clock) {}

std::optional<PrincipalPtr> TokenCache::find_cached(std::string_view token) const {
  const std::string hash = sha256(token);
  if (const auto found = known_.find(hash); found != known_.end()) {
    const Entry& entry = found->second;
    if (entry.expires_at && clock_.now() >= *entry.expires_at) return PrincipalPtr();
    return entry.principal;
  }
  if (unknown_.contains(hash) || !looks_like_agent_token(token)) return PrincipalPtr();
  return std::nullopt;
}

Task<Result<PrincipalPtr>> TokenCache::find(std::string token) {
  if (const std::optional<PrincipalPtr> cached = find_cached(token)) co_return *cached;
  const std::string hash = sha256(token);
  const std::uint64_t generation = generation_;
  Result<std::optional<vault::AgentToken>> stored = co_await store_.find_by_hash(hex_encode(hash));
  if (!stored) co_return std::unexpected(stored.error());
  const bool cacheable = generation == generation_;
  if (!*stored || (*stored)->revoked_at) {
    if (cacheable) {
      if (unknown_.size() >= kMaxUnknown) unknown_.clear();
      unknown_.insert(hash);
    }
    co_return PrincipalPtr();
  }
  auto principal = std::make_shared<Principal>();
  principal->organization = (*stored)->organization;
  principal->member = (*stored)->member;
  principal->client = (*stored)->name;
  principal->scopes = (*stored)->scopes;
  principal->token = (*stored)->id;
  const std::optional<SystemTime> expires_at = (*stored)->expires_at;
  if (cacheable) {
    if (known_.size() >= kMaxKnown) known_.clear();
    known_.insert_or_assign(hash, Entry{principal, expires_at});
  }
  if (expires_at && clock_.now() >= *expires_at) co_return PrincipalPtr();
  co_return PrincipalPtr(principal);
}

void TokenCache::on_change(const vault::Change& change) {
  if (change.table == "agent_tokens") drop();
}

void TokenCache::drop() {
  ++generation_;
  known_.clear();
  unknown_.clear();
}

}  // namespace gatehouse::identity
