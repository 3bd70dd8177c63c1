#include "oauth_server/memory_store.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/random.hpp"

namespace gatehouse::oauth_server {

std::string hash_of(std::string_view secret) {
  return hex_encode(sha256(secret));
}

Task<Result<void>> MemoryStore::add_client(Client client) {
  if (clients_.size() >= limits_.clients) clients_.pop_front();
  clients_.push_back(std::move(client));
  co_return Result<void>{};
}

Task<Result<std::optional<Client>>> MemoryStore::find_client(std::string id) {
  const auto found = std::ranges::find(clients_, id, &Client::id);
  co_return found == clients_.end() ? std::nullopt : std::optional<Client>(*found);
}

Task<Result<void>> MemoryStore::add_code(Code code) {
  if (codes_.size() >= limits_.codes) codes_.pop_front();
  codes_.push_back({std::move(code), false});
  co_return Result<void>{};
}

Task<Result<TakenCode>> MemoryStore::take_code(std::string hash) {
  for (StoredCode& stored : codes_) {
    if (stored.code.hash != hash) continue;
    const Taken taken = std::exchange(stored.used, true) ? Taken::used : Taken::fresh;
    co_return TakenCode{taken, stored.code};
  }
  co_return TakenCode{};
}

void MemoryStore::insert(Token token) {
  if (tokens_.size() >= limits_.tokens) {
    by_hash_.erase(tokens_.front().hash);
    tokens_.pop_front();
  }
  tokens_.push_back(std::move(token));
  by_hash_[tokens_.back().hash] = std::prev(tokens_.end());
}

Token* MemoryStore::find(const std::string& hash) {
  const auto found = by_hash_.find(hash);
  return found == by_hash_.end() ? nullptr : &*found->second;
}

Task<Result<void>> MemoryStore::add_tokens(Token access, std::optional<Token> refresh) {
  insert(std::move(access));
  if (refresh) insert(std::move(*refresh));
  co_return Result<void>{};
}

Task<Result<std::optional<Token>>> MemoryStore::find_token(std::string hash) {
  const Token* token = find(hash);
  co_return token == nullptr ? std::nullopt : std::optional<Token>(*token);
}

Task<Result<Rotation>> MemoryStore::rotate(std::string refresh_hash, Token access, Token refresh) {
  Token* old = find(refresh_hash);
  if (old == nullptr || old->kind != TokenKind::refresh) co_return Rotation::absent;
  if (old->consumed) co_return Rotation::reused;
  old->consumed = true;
  insert(std::move(access));
  insert(std::move(refresh));
  co_return Rotation::done;
}

Task<Result<void>> MemoryStore::revoke_grant(std::string grant_id) {
  std::erase_if(by_hash_,
                [&](const auto& entry) { return entry.second->permission.grant_id == grant_id; });
  std::erase_if(tokens_, [&](const Token& token) { return token.permission.grant_id == grant_id; });
  co_return Result<void>{};
}

Task<Result<void>> MemoryStore::revoke_token(std::string hash) {
  if (const auto found = by_hash_.find(hash); found != by_hash_.end()) {
    tokens_.erase(found->second);
    by_hash_.erase(found);
  }
  co_return Result<void>{};
}

Task<Result<void>> MemoryStore::sweep(SystemTime now) {
  std::erase_if(codes_, [&](const StoredCode& stored) { return stored.code.expires <= now; });
  std::erase_if(by_hash_, [&](const auto& entry) { return entry.second->expires <= now; });
  std::erase_if(tokens_, [&](const Token& token) { return token.expires <= now; });
  co_return Result<void>{};
}

}  // namespace gatehouse::oauth_server
