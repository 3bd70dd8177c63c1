// KeyStore: which master key seals the store's secrets, and how one replaces another while every
// process goes on working (decision 0008). A rotation is: begin(), reseal() until done, finish();
// each step is durable, and a rotation that was interrupted is taken up with the step it had come
// to. Keys belong to the whole store, so no organization is named here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "vault/master_key.hpp"

namespace gatehouse::vault {

enum class KeyState {
  current,  ///< seals
  older,    ///< opens what has not been sealed anew
  retired,  ///< nothing is sealed under it
};

/// A key the store has been used with.
struct KeyRecord {
  std::string id;  ///< raw, as MasterKey::id()
  KeyState state = KeyState::current;
  SystemTime since{};
  bool held = false;  ///< by this process
};

/// Rows of one table by the key that their secrets are sealed under.
struct SealedRows {
  std::string table;
  std::string key_id;  ///< raw; empty: not a ciphertext at all
  std::int64_t rows = 0;
  std::int64_t unreadable = 0;  ///< of them: another key, or damaged
};

struct UnreadableRow {
  std::string table;
  std::string name;  ///< the connection's name; of a registration its issuer
  std::string reason;
};

inline constexpr std::size_t kUnreadableListed = 100;

struct KeyInventory {
  std::vector<KeyRecord> keys;  ///< oldest first
  std::vector<SealedRows> rows;
  std::vector<UnreadableRow> unreadable;  ///< at most kUnreadableListed
};

/// Where reseal() stands.
struct ResealCursor {
  int table = 0;
  std::int64_t row = 0;
};

struct ResealStep {
  ResealCursor next;
  std::int64_t resealed = 0;
  bool done = false;  ///< there is nothing behind `next`
};

class KeyStore {
 public:
  virtual ~KeyStore() = default;
  /// Reads every secret, to see whether it can be read.
  virtual Task<Result<KeyInventory>> inventory() = 0;
  /// From here on every process seals with `next`; those that hold the key before it learn `next`
  /// from the store. Nothing happens when it seals already. Errors: policy (it was retired).
  virtual Task<Result<void>> begin(MasterKey next) = 0;
  /// Seals up to `at_most` rows behind `cursor` anew; what cannot be read stays as it is.
  virtual Task<Result<ResealStep>> reseal(ResealCursor cursor, int at_most) = 0;
  /// Retires every key but the current one, which from here on only the key source gives. Seals
  /// what is left first, in the same transaction.
  virtual Task<Result<void>> finish() = 0;
};

}  // namespace gatehouse::vault
