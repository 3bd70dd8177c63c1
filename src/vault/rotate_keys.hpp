// rotate_keys: a new master key takes the place of the old one, while every process goes on
// working (decision 0008). May be killed at any point: both keys stay at hand until nothing is
// sealed under the old one, and the next call takes up where this one stopped.
#pragma once

#include <functional>
#include <optional>

#include "async/workers.hpp"
#include "base/limits.hpp"
#include "vault/key_sources.hpp"
#include "vault/key_store.hpp"

namespace gatehouse::vault {

struct RotationParts {
  KeyStore& store;
  KeySources& sources;
  HeldKeys& held;
  Workers& workers;
  std::function<void(std::int64_t resealed)> on_progress;  ///< may be null
  std::chrono::milliseconds overlap = limits::kKeyOverlap;
};

struct RotationReport {
  std::string key_id;  ///< raw, of the key that seals now
  KeyPlace place = KeyPlace::file;
  std::int64_t resealed = 0;
  bool resumed = false;  ///< an earlier rotation was brought to its end; no further key was made
};

/// To a key at `to`, or where the key is now. A file and the keyring get a key made here;
/// environment and command must give the new one first. Errors: conflict (another rotation is under
/// way), invalid_argument (the place gives no new key), and those of KeySource and KeyStore.
Task<Result<RotationReport>> rotate_keys(RotationParts parts, std::optional<KeyPlace> to);

}  // namespace gatehouse::vault
