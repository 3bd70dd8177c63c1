// The logins of one person at one server, told apart by a name of their own. Agents, and commands
// without --account, use the connection's default one.
#pragma once

#include <string>
#include <vector>

#include "cli/json_out.hpp"
#include "cli/services.hpp"

namespace gatehouse::cli {

struct Account {
  std::string name;
  bool is_default = false;
  std::string subject;  ///< who signed in, where the provider told
  bool signed_in = false;
  std::string problem;  ///< why a sign-in is needed, or why it cannot be read
  std::optional<SystemTime> expires_at;
};

/// Those that hold a login, and the default one, sorted by name. Errors: the store's.
Task<Result<std::vector<Account>>> list_accounts(Services& services, vault::Connection connection);

/// "signed in as ada", "sign in again: …".
std::string account_text(const Account& account);
std::string accounts_json(const std::vector<Account>& accounts);

/// Stores which one agents use. Errors: the store's.
Task<Result<vault::Connection>> use_account(Services& services, vault::Connection connection,
                                            std::string account);

}  // namespace gatehouse::cli
