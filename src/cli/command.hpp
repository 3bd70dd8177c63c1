// A sub-command as data: its flags as pointers into itself, and one call. One file per command;
// parser.cpp binds the flags, app/main.cpp runs the call and turns its end into an exit code
// (style §11).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"

namespace gatehouse::cli {

struct Services;

enum class Exit { done = 0, failed = 1, usage = 2, sign_in = 3 };

/// What an error means for the caller of the command.
Exit exit_for(const Error& error);

/// One flag, or one positional argument when the name has no dashes.
struct Argument {
  std::string names;  ///< "--scope", "-v,--verbose", "name"
  std::string help;
  std::variant<bool*, std::string*, std::optional<std::string>*, std::vector<std::string>*> into;
  enum class Presence { optional, required } presence = Presence::optional;
};

struct CommandSpec {
  std::string name;  ///< "add"; "token create" is a command below a group
  std::string summary;
  std::string details;  ///< shown by --help below the flags: examples above all
  std::vector<Argument> arguments;
  /// Where everything after `--` goes; null: the command takes none.
  std::vector<std::string>* after_dashes = nullptr;
  enum class Listing { shown, hidden } listing = Listing::shown;
};

class Command {
 public:
  virtual ~Command() = default;
  /// Pointers in it lead into this object.
  virtual CommandSpec spec() = 0;
  enum class Kind { task, service };
  /// A service runs until it is told to stop, and logs what it does.
  virtual Kind kind() const { return Kind::task; }
  /// What a command does about configuration files that wait or are broken: it says so in a line on
  /// standard error, or tells of them itself.
  enum class Files { noted, told };
  virtual Files files() const { return Files::noted; }
  /// Set for a command that only prints: it needs neither configuration nor store, and run() is not
  /// called.
  virtual std::optional<std::string> text_only() { return std::nullopt; }
  /// Data goes to standard output, everything else to standard error. `services` outlives the call.
  virtual Task<Result<Exit>> run(Services& services) = 0;
};

using CommandPtr = std::unique_ptr<Command>;

/// Every command, in the order of `gatehouse --help`.
std::vector<CommandPtr> make_commands();

CommandPtr make_add_command();
CommandPtr make_presets_command();
CommandPtr make_edit_command();
CommandPtr make_rename_command();
CommandPtr make_enable_command();
CommandPtr make_disable_command();
CommandPtr make_refresh_command();
CommandPtr make_test_command();
CommandPtr make_list_command();
CommandPtr make_show_command();
CommandPtr make_status_command();
CommandPtr make_doctor_command();
CommandPtr make_trust_command();
CommandPtr make_config_command();
CommandPtr make_login_command();
CommandPtr make_logout_command();
CommandPtr make_accounts_command();
CommandPtr make_remove_command();
CommandPtr make_tools_command();
CommandPtr make_approve_command();
CommandPtr make_search_command();
CommandPtr make_describe_command();
CommandPtr make_call_command();
CommandPtr make_serve_command();
CommandPtr make_stdio_command();
CommandPtr make_token_create_command();
CommandPtr make_token_list_command();
CommandPtr make_token_revoke_command();
CommandPtr make_demo_command();
CommandPtr make_export_command();
CommandPtr make_import_command();
CommandPtr make_install_command();
CommandPtr make_uninstall_command();
CommandPtr make_keys_status_command();
CommandPtr make_keys_rotate_command();
CommandPtr make_keyring_set_command();
CommandPtr make_keyring_remove_command();
CommandPtr make_completion_command(std::string shell);

}  // namespace gatehouse::cli
