// HeldKeys: the master keys that one process holds, and which of them seals. A rotation by any
// process changes both while others go on working (decision 0008): the store says which key seals
// now, and where the new one is found. Shared by the sealer, the store and the gateway's request
// states; safe from any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "vault/master_key.hpp"

namespace gatehouse::vault {

class HeldKeys final {
 public:
  using Reload = std::function<Result<std::vector<MasterKey>>()>;

  /// At least one; the first seals. `reload` reads the key source anew and may block.
  explicit HeldKeys(std::vector<MasterKey> keys, Reload reload = nullptr);

  std::string current_id() const;
  MasterKey current() const;
  std::optional<MasterKey> find(std::string_view id) const;
  std::vector<MasterKey> all() const;  ///< the one that seals first

  /// Known from now on; the one that seals stays.
  void add(const MasterKey& key);
  /// False when it is not held.
  bool seal_with(std::string_view id);
  /// Adds what the key source has now; true when that was news. Errors: those of the source.
  Result<bool> reload();

  /// What derive(purpose) gives for the key `id`, held or kept after its retirement.
  std::optional<Secret> find_derived(std::string_view id, std::string_view purpose) const;
  /// One key for one purpose, of a master key that is no longer to be had.
  void keep_derived(std::string id, std::string purpose, Secret key);

 private:
  mutable std::mutex mutex_;
  std::string current_;
  std::map<std::string, MasterKey, std::less<>> keys_;
  std::map<std::pair<std::string, std::string>, Secret> derived_;
  std::mutex reload_mutex_;  ///< the source is read by one thread at a time
  const Reload reload_;
};

}  // namespace gatehouse::vault
