#include "vault/held_keys.hpp"

#include <cassert>

namespace gatehouse::vault {

HeldKeys::HeldKeys(std::vector<MasterKey> keys, Reload reload) : reload_(std::move(reload)) {
  assert(!keys.empty());
  current_ = keys.front().id();
  for (MasterKey& key : keys) keys_.emplace(key.id(), std::move(key));
}

std::string HeldKeys::current_id() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

MasterKey HeldKeys::current() const {
  const std::lock_guard lock(mutex_);
  return keys_.find(current_)->second;
}

std::optional<MasterKey> HeldKeys::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found = keys_.find(id);
  if (found == keys_.end()) return std::nullopt;
  return found->second;
}

std::vector<MasterKey> HeldKeys::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<MasterKey> out{keys_.find(current_)->second};
  for (const auto& [id, key] : keys_) {
    if (id != current_) out.push_back(key);
  }
  return out;
}

void HeldKeys::add(const MasterKey& key) {
  const std::lock_guard lock(mutex_);
  keys_.emplace(key.id(), key);
}

bool HeldKeys::seal_with(std::string_view id) {
  const std::lock_guard lock(mutex_);
  if (!keys_.contains(id)) return false;
  current_ = id;
  return true;
}

Result<bool> HeldKeys::reload() {
  if (!reload_) return false;
  const std::lock_guard reading(reload_mutex_);
  Result<std::vector<MasterKey>> keys = reload_();
  if (!keys) return std::unexpected(keys.error());
  bool news = false;
  const std::lock_guard lock(mutex_);
  for (const MasterKey& key : *keys) news |= keys_.emplace(key.id(), key).second;
  return news;
}

std::optional<Secret> HeldKeys::find_derived(std::string_view id, std::string_view purpose) const {
  if (const std::optional<MasterKey> key = find(id)) return key->derive(purpose);
  const std::lock_guard lock(mutex_);
  const auto found = derived_.find({std::string(id), std::string(purpose)});
  if (found == derived_.end()) return std::nullopt;
  return found->second;
}

void HeldKeys::keep_derived(std::string id, std::string purpose, Secret key) {
  const std::lock_guard lock(mutex_);
  derived_.insert_or_assign({std::move(id), std::move(purpose)}, std::move(key));
}

}  // namespace gatehouse::vault
