// Keyring: the secrets that the desktop keeps for a person. Implemented where there is one; null in
// SecretReader where there is none.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace gatehouse::config {

class Keyring {
 public:
  virtual ~Keyring() = default;
  /// The secret stored under `name`. May block; called on a worker. Errors: not_found, unsupported
  /// (no keyring runs), policy (locked).
  virtual Result<Secret> look_up(std::string name) = 0;
};

}  // namespace gatehouse::config
