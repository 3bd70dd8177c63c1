// SecretReader: fills in the placeholders of a reference, anew at each call: environment, files,
// commands, keyring. Strict: what cannot be read is an error that names the placeholder and the way
// out, never a value. Called when an upstream opens, when it refuses what was sent, and by the
// OAuth client.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "async/workers.hpp"
#include "config/placeholder.hpp"
#include "jsonrpc/command_runner.hpp"
#include "vault/secret_resolver.hpp"
#include "vault/secret_service.hpp"

namespace gatehouse::config {

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

class SecretReader final {
 public:
  /// All must outlive the reader.
  struct Parts {
    Workers& workers;  ///< files and keyring
    jsonrpc::CommandRunner& commands;
    Environment environment;
    vault::SecretService* keyring = nullptr;  ///< null: `${keyring:…}` is unsupported
  };
  explicit SecretReader(Parts parts) : parts_(std::move(parts)) {}

  /// See vault::SecretResolver. A command runs without a shell, with HOME, PATH and USER as its
  /// whole environment and for kSecretCommand at most; a file is regular and, when it is ours,
  /// closed to others.
  Task<Result<Secret>> resolve(std::string reference);
  /// The same of a parsed one. A literal's characters are taken as they are and may be empty.
  Task<Result<Secret>> fill(Template text);
  vault::SecretResolver resolver() {
    return [this](std::string reference) { return resolve(std::move(reference)); };
  }

 private:
  Task<Result<std::string>> read(Piece piece);
  Result<std::string> read_variable(const Piece& piece) const;
  Task<Result<std::string>> run_command(Piece piece);

  Parts parts_;
};

/// Without the line ends at its end. Errors: invalid_argument when nothing is left or a NUL is in
/// it, naming `what`.
Result<std::string> trim_secret(std::string text, std::string_view what);
/// What a file holds, at most `most_bytes`. Errors: not_found, policy, too_large; see
/// SecretReader::resolve. Blocks.
Result<std::string> read_secret_file(const std::string& path, std::size_t most_bytes);

}  // namespace gatehouse::config
