// The flags about keys of `gatehouse add`, `edit` and `login`: the client's own key (RFC 7523) and
// the key that tokens are bound to (DPoP, RFC 9449).
#pragma once

#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"
#include "cli/command.hpp"
#include "vault/records.hpp"

namespace gatehouse::cli {

struct Services;

struct KeyFlags {
  std::string private_key;  ///< where a PEM key is: file:PATH, command:…, env:NAME, keyring:NAME
  std::string signing_algorithm;
  std::string key_id;
  std::string dpop;
  bool given() const {
    return !private_key.empty() || !signing_algorithm.empty() || !key_id.empty() || !dpop.empty();
  }
};

void add_key_arguments(std::vector<Argument>& arguments, KeyFlags& flags);

/// Puts what was given into the settings; what was not stays. Errors: invalid_argument, naming the
/// flag.
Result<void> apply_key_flags(const KeyFlags& flags, vault::OAuthSettings& settings);

/// Reads the private key that was given, so that a slip shows before anything changes. Errors:
/// invalid_argument, naming the flag and where the key should be.
Task<Result<void>> try_private_key(Services& services, KeyFlags flags,
                                   vault::OAuthSettings settings);

/// "automatic", "required" or "never", as typed and printed.
std::string_view dpop_name(vault::Dpop dpop);

}  // namespace gatehouse::cli
