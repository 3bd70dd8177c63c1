// Where a secret comes from when it must not stand in argv: an environment variable, a file, or a
// prompt. Used by `gatehouse add`.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace gatehouse::cli {

struct SecretSource {
  enum class Kind { environment, file, prompt } kind = Kind::prompt;
  std::string where;  ///< variable or path
};

/// "env:NAME", "file:PATH", "prompt" or nothing (prompt). Errors: invalid_argument for anything
/// else; the text is not repeated, for it may be the secret itself.
Result<SecretSource> parse_secret_source(std::string_view text, std::string_view flag);

struct HeaderSource {
  std::string name;
  SecretSource source;
};

/// "NAME=env:VARIABLE", "NAME=file:PATH", "NAME". Errors: invalid_argument, such as for
/// "NAME: value".
Result<HeaderSource> parse_header_source(std::string_view text);

/// The secret of an environment variable or file, without a line feed at its end. Errors:
/// not_found, invalid_argument (empty, not a header value), too_large. Not for prompts.
Result<Secret> read_secret(const SecretSource& source);

/// Removes line ends at the end; refuses empty texts and control characters.
Result<Secret> check_secret(std::string text, std::string_view what);

}  // namespace gatehouse::cli
