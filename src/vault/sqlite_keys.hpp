// Which master key seals, as the store says. Used by sqlite_tables at the start of every
// transaction, so that nothing is sealed under a key that another process has replaced; and by
// sqlite_store when it opens.
#pragma once

#include "base/clock.hpp"
#include "vault/sealer.hpp"
#include "vault/sqlite_database.hpp"

namespace gatehouse::vault {

enum class KeyStand {
  fine,     ///< we seal with the store's key, or with one the store was never used with
  missing,  ///< ours was replaced, and its successor must be read from the key source
};
/// Within a transaction. Learns a new key from the store where it can.
KeyStand follow_key(Database& database, const Sealer& sealer);

/// The error of a writer that does not find the successor of its key.
Error key_was_replaced();

/// Once, when the store is opened: notes our key in a new store; learns what it needs to know.
/// Errors: policy when our key was replaced and its successor is not held; storage.
struct OpenedKeys {
  bool unknown = false;  ///< the store was never used with our key, but with another
};
Result<OpenedKeys> settle_keys(Database& database, const Sealer& sealer, SystemTime now);

}  // namespace gatehouse::vault
