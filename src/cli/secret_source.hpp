// Where a secret comes from when it must not stand in argv: an environment variable, a file, a
// command, the keyring, or a prompt. Used by `gatehouse add` and its like. All but the prompt are
// kept by reference and read at each use, unless the person wants the value kept.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "vault/records.hpp"

namespace gatehouse::cli {

struct Services;

struct SecretSource {
  /// "${env:NAME}", "${file:PATH}", …; empty: the person is asked.
  std::string reference;
  bool asks() const { return reference.empty(); }
};

/// What to type instead of a secret, for hints.
inline constexpr std::string_view kSecretForms =
    "env:VARIABLE, file:PATH, command:PROGRAM or keyring:NAME";

/// "env:NAME", "file:PATH" (relative to here), "command:PROGRAM ARGUMENTS", "keyring:NAME",
/// "prompt" or nothing (prompt). Errors: invalid_argument for anything else; the text is not
/// repeated, for it may be the secret itself.
Result<SecretSource> parse_secret_source(std::string_view text, std::string_view flag);
/// `text` begins like one of these and is not simply a value.
bool is_secret_source(std::string_view text);

struct HeaderSource {
  std::string name;
  SecretSource source;
};

/// "NAME=env:VARIABLE", …, "NAME". Errors: invalid_argument, such as for "NAME: value".
Result<HeaderSource> parse_header_source(std::string_view text);

enum class Keep { reference, value };

/// The named secret to store: by reference, or (a prompt, Keep::value) its value. A reference to a
/// variable or file is tried once, so that a typing error shows at once. `prefix` goes before the
/// secret, such as "Bearer ". `name` is the header or variable, `question` what is asked. Errors:
/// those of vault::SecretResolver; invalid_argument.
Task<Result<vault::NamedSecret>> obtain(Services& services, SecretSource source, std::string name,
                                        std::string question, std::string prefix, Keep keep);

/// The secret itself, now. Not for prompts. Errors: those of vault::SecretResolver.
Task<Result<Secret>> read_now(Services& services, SecretSource source);

/// Removes line ends at the end; refuses empty texts and control characters.
Result<Secret> check_secret(std::string text, std::string_view what);

}  // namespace gatehouse::cli
