// What the flags of `gatehouse login` change about a connection, from then on: as after `gatehouse
// add` with the same flags.
#pragma once

#include <string>
#include <vector>

#include "cli/key_flags.hpp"
#include "cli/redirect.hpp"
#include "cli/services.hpp"

namespace gatehouse::cli {

struct LoginSettings {
  std::vector<std::string> scopes;
  std::string client_id;
  std::string client_secret_file;
  RedirectFlags redirect;
  KeyFlags key;
  /// They concern one connection alone.
  bool given() const {
    return !scopes.empty() || !client_id.empty() || !client_secret_file.empty() ||
           redirect.given() || key.given();
  }
};

/// The connection as stored afterwards. Errors: invalid_argument, and the store's.
Task<Result<vault::Connection>> apply_login_settings(Services& services, LoginSettings settings,
                                                     vault::Connection connection);

}  // namespace gatehouse::cli
