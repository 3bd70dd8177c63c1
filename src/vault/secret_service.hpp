// SecretService: the keyring of a person's desktop (GNOME Keyring, KWallet, KeePassXC), reached by
// libsecret over D-Bus. The library is loaded when it is first needed, so that Gatehouse runs where
// it is not installed (decision 0008). Holds the master key, if one wants so, and what
// ${keyring:NAME} refers to. Safe from any thread; calls block, at most `patience`.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace gatehouse::vault {

/// Found by attributes application=gatehouse, kind, name.
struct KeyringItem {
  std::string kind;   ///< "secret" or "master-key"
  std::string name;   ///< of the reference, or folder of the store
  std::string label;  ///< what a keyring's window shows
};

/// The item of ${keyring:NAME}.
KeyringItem secret_item(const std::string& name);

class SecretService {
 public:
  virtual ~SecretService() = default;
  /// Errors of all: unsupported (no libsecret, no session bus, no keyring on it), timeout (nobody
  /// answered its prompt), policy (locked), storage (anything else it said). Each says the way out.
  /// Also not_found.
  virtual Result<Secret> look_up(const KeyringItem& item) = 0;
  /// Replaces the item's secret, which is text.
  virtual Result<void> store(const KeyringItem& item, const Secret& secret) = 0;
  /// Not an error when there is none.
  virtual Result<void> erase(const KeyringItem& item) = 0;
};

/// An unlocking prompt is waited for as long as `patience`.
std::unique_ptr<SecretService> make_secret_service(
    std::chrono::milliseconds patience = std::chrono::seconds{60});

}  // namespace gatehouse::vault
