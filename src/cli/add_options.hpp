// The flags of `gatehouse add`, and the connection they describe.
#pragma once

#include <string>
#include <vector>

#include "cli/consent.hpp"
#include "cli/grant_options.hpp"
#include "cli/presets.hpp"
#include "cli/redirect.hpp"
#include "cli/secret_source.hpp"
#include "cli/services.hpp"
#include "cli/settings_flags.hpp"

namespace gatehouse::cli {

struct AddOptions {
  std::string name;
  std::string url;
  std::vector<std::string> command;      // after --
  std::vector<std::string> headers;      // NAME=env:VARIABLE
  std::string bearer;                    // env:VARIABLE
  std::vector<std::string> environment;  // NAME=VALUE, NAME=env:VARIABLE
  bool keep = false;
  std::string directory;
  std::string client_id;
  bool client_secret_stdin = false;
  std::string client_secret_file;
  std::vector<std::string> scopes;
  RedirectFlags redirect;
  std::string issuer;
  GrantOptions grant;
  SettingsFlags settings;
  std::string preset;  // a preset's name, or "none"
  bool dry_run = false;
  std::vector<std::string> allowed_origins;
  bool allow_loopback = false;
  bool yes = false;
  bool no_login = false;
  bool no_browser = false;
  bool device = false;
  bool qr = false;
  bool json = false;

  Keep keep_values() const { return keep ? Keep::value : Keep::reference; }
  Consent consent() const { return {allow_loopback, yes, allowed_origins}; }
};

/// The built-in description that applies: --preset, else that of the connection's own name; null:
/// none. Errors: invalid_argument.
Result<const Preset*> preset_of(const AddOptions& options);

CommandSpec add_spec(AddOptions& options);

/// The value of --redirect-port. Errors: invalid_argument.
Result<std::uint16_t> parse_redirect_port(const std::string& text);

/// The connection without its secrets and its finding. Errors: invalid_argument, saying which flags
/// do not go together.
Result<vault::Connection> make_connection(const AddOptions& options);

/// Reads the secrets from where the flags say; asks for those that are to be asked for.
Task<Result<void>> read_secrets(Services& services, const AddOptions& options,
                                vault::Connection& connection);

}  // namespace gatehouse::cli
