// The flags of `gatehouse add` for tokens that no browser is needed for: grants without a person,
// and identity providers that people sign in through.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/command.hpp"
#include "cli/key_flags.hpp"
#include "vault/records.hpp"

namespace gatehouse::cli {

struct GrantOptions {
  std::string grant;              ///< client_credentials, jwt_bearer, identity_assertion
  std::string assertion;          ///< where a JWT is: file:PATH, command:…, env:NAME, keyring:NAME
  std::string auth_method;        ///< at the token endpoint
  std::string identity_provider;  ///< an issuer: the connection is that provider
  std::string through;            ///< name of the provider to sign in through
  KeyFlags key;
};

void add_grant_arguments(std::vector<Argument>& arguments, GrantOptions& options);

/// Puts them into a connection that has its URL and client id already. Errors: invalid_argument,
/// saying which flags do not go together or are missing.
Result<void> apply_grant(const GrantOptions& options, vault::Connection& connection);

/// With the secrets read: a grant without a person needs something that proves who asks. Errors:
/// invalid_argument.
Result<void> check_grant(const vault::Connection& connection);

/// "client_credentials" and so on, as typed and printed.
std::string_view grant_name(vault::Grant grant);

}  // namespace gatehouse::cli
