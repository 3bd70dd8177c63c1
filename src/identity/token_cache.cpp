#include "identity/token_cache.hpp"

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "identity/agent_token.hpp"

namespace gatehouse::identity {

TokenCache::TokenCache(vault::AgentTokenStore& store, const Clock& clock,
                       const vault::FeedReader* feed)
    : store_(store), feed_(feed), clock_(clock) {}

std::optional<PrincipalPtr> TokenCache::find_cached(std::string_view token) const {
  if (token.size() != kAgentTokenSize) return PrincipalPtr{};
  if (!may_keep()) return std::nullopt;
  // The checksum is for tokens that are not known: a known digest needs none.
  const KeyedDigest::Value key = digest_.of(token);
  if (const auto good = good_.find(key); good != good_.end()) {
    const Entry& entry = good->second;
    const bool expired = entry.expires_at && *entry.expires_at <= clock_.now();
    return expired ? PrincipalPtr{} : entry.principal;
  }
  if (bad_.contains(key) || !check_agent_token(token)) return PrincipalPtr{};
  return std::nullopt;
}

Task<Result<PrincipalPtr>> TokenCache::find(std::string token) {
  if (const std::optional<PrincipalPtr> cached = find_cached(token)) co_return *cached;
  if (!check_agent_token(token)) co_return PrincipalPtr{};
  const KeyedDigest::Value key = digest_.of(token);
  const std::uint64_t generation = generation_;
  auto found = co_await store_.find_by_hash(hex_encode(sha256(token)));
  if (!found) co_return std::unexpected(found.error());
  const bool keep = generation == generation_ && may_keep();
  const std::optional<vault::AgentToken>& record = *found;
  if (!record || record->revoked_at) {
    if (keep && bad_.size() >= kMaxUnknown) bad_.clear();
    if (keep) bad_.insert(key);
    co_return PrincipalPtr{};
  }
  PrincipalPtr principal = principal_of(*record);
  if (keep && good_.size() >= kMaxKnown) good_.clear();
  if (keep) good_.insert_or_assign(key, Entry{principal, record->expires_at});
  co_return judge(*record, clock_.now()) == TokenState::active ? principal : PrincipalPtr{};
}

void TokenCache::on_change(const vault::Change& change) {
  if (change.table == "agent_tokens") drop();
}

void TokenCache::drop() {
  ++generation_;
  good_.clear();
  bad_.clear();
}

PrincipalPtr TokenCache::principal_of(const vault::AgentToken& token) {
  return std::make_shared<const Principal>(Principal{.organization = token.organization,
                                                     .member = token.member,
                                                     .client = token.name,
                                                     .scopes = token.scopes,
                                                     .token = token.id,
                                                     .expires_at = token.expires_at});
}

}  // namespace gatehouse::identity
