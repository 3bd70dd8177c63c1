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
  commands.push_back(make_list_command());
  commands.push_back(make_show_command());
  commands.push_back(make_status_command());
  commands.push_back(make_login_command());
  commands.push_back(make_logout_command());
  commands.push_back(make_remove_command());
  commands.push_back(make_tools_command());
  commands.push_back(make_search_command());
  commands.push_back(make_describe_command());
  commands.push_back(make_call_command());
  commands.push_back(make_serve_command());
  commands.push_back(make_stdio_command());
  commands.push_back(make_demo_command());
  commands.push_back(make_token_create_command());
  commands.push_back(make_token_list_command());
  commands.push_back(make_token_revoke_command());
  return commands;
}

}  // namespace gatehouse::cli
