#include "cli/command.hpp"

namespace gatehouse::cli {

Exit exit_for(const Error& error) {
  switch (error.code) {
    case Errc::sign_in_required:
    case Errc::insufficient_scope:
      return Exit::sign_in;
    case Errc::invalid_argument:
      return Exit::usage;
    default:
      return Exit::failed;
  }
}

std::vector<CommandPtr> make_commands() {
  std::vector<CommandPtr> commands;
  commands.push_back(make_add_command());
  commands.push_back(make_presets_command());
  commands.push_back(make_list_command());
  commands.push_back(make_show_command());
  commands.push_back(make_status_command());
  commands.push_back(make_doctor_command());
  commands.push_back(make_login_command());
  commands.push_back(make_logout_command());
  commands.push_back(make_accounts_command());
  commands.push_back(make_trust_command());
  commands.push_back(make_config_command());
  commands.push_back(make_edit_command());
  commands.push_back(make_rename_command());
  commands.push_back(make_enable_command());
  commands.push_back(make_disable_command());
  commands.push_back(make_remove_command());
  commands.push_back(make_test_command());
  commands.push_back(make_refresh_command());
  commands.push_back(make_tools_command());
  commands.push_back(make_approve_command());
  commands.push_back(make_search_command());
  commands.push_back(make_describe_command());
  commands.push_back(make_call_command());
  commands.push_back(make_serve_command());
  commands.push_back(make_stdio_command());
  commands.push_back(make_demo_command());
  commands.push_back(make_token_create_command());
  commands.push_back(make_token_list_command());
  commands.push_back(make_token_revoke_command());
  commands.push_back(make_export_command());
  commands.push_back(make_import_command());
  commands.push_back(make_install_command());
  commands.push_back(make_uninstall_command());
  commands.push_back(make_keys_status_command());
  commands.push_back(make_keys_rotate_command());
  commands.push_back(make_keyring_set_command());
  commands.push_back(make_keyring_remove_command());
  for (const char* shell : {"bash", "zsh", "fish"})
    commands.push_back(make_completion_command(shell));
  return commands;
}

}  // namespace gatehouse::cli
