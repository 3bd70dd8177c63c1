// KeySources: all places where this installation may keep its master key, and which of them it
// does (decision 0008). Built by app/wiring from the configuration. Calls block.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "vault/held_keys.hpp"
#include "vault/key_file.hpp"
#include "vault/key_source.hpp"

namespace gatehouse::vault {

class KeySources final {
 public:
  struct Parts {
    std::filesystem::path folder;               ///< of the store; the key file is gatehouse.key
    std::optional<KeyPlace> configured;         ///< nothing: what is given, else the key file
    Secret value;                               ///< of GATEHOUSE_KEY; empty: unset
    std::unique_ptr<CommandKeySource> command;  ///< null: none is configured
    SecretService* keyring = nullptr;           ///< outlives this
    bool new_store = false;                     ///< a key may be made where there is none
  };
  explicit KeySources(Parts parts);

  /// Every key there is, that of the place in use first; the key file's come along, so that a store
  /// is readable while its key moves elsewhere. Errors: see KeySource::load.
  Result<std::vector<MasterKey>> load();

  /// Where the key is, as of the last load(): never a file that only points to the keyring.
  KeySource& active();
  /// invalid_argument when it is not set up, saying how.
  Result<KeySource*> find(KeyPlace place);
  /// A rotation has ended: `key` is the only one, at `place`; what other places of ours hold of
  /// earlier ones goes.
  Result<void> settle(KeyPlace place, const MasterKey& key);
  /// What one rotation at a time holds.
  std::filesystem::path lock_file() const { return parts_.folder / "gatehouse.key.lock"; }

 private:
  Result<std::vector<MasterKey>> load_or_make_in_keyring();

  Parts parts_;
  KeyringKeySource keyring_;
  FileKeySource file_;
  ValueKeySource value_;
  KeySource* active_;
  bool was_in_keyring_ = false;
};

}  // namespace gatehouse::vault
