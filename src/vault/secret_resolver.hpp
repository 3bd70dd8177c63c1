// SecretResolver: how a reference (NamedSecret::reference, OAuthSettings::*_reference) becomes its
// secret. Implemented by config::SecretReader, handed to whoever needs one by app/wiring.
#pragma once

#include <functional>
#include <string>

#include "async/task.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace gatehouse::vault {

/// Reads it anew at each call. The value has no line end at its end, is not empty and may have
/// several lines (a PEM key). Errors name the reference, never a value: invalid_argument (not a
/// reference), not_found (unset, no such file or entry), policy (a file that others may read),
/// too_large, timeout, rejected (the command failed), unsupported (no keyring here).
using SecretResolver = std::function<Task<Result<Secret>>(std::string reference)>;

}  // namespace gatehouse::vault
