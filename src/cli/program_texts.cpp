#include "cli/program_texts.hpp"

#include <array>
#include <utility>

namespace gatehouse::cli {
namespace {

constexpr std::string_view kFooter = R"(Start here:
  gatehouse add notion https://mcp.notion.com/mcp     connect a server and sign in
  gatehouse search "create a page"                    find a tool
  gatehouse call notion.search query=roadmap          call it
  gatehouse serve                                     let agents in

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 somebody must sign in.
`gatehouse COMMAND --help` shows flags and examples.)";

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kGroups{{
    {"token", "Agent tokens: create, list, revoke"},
    {"keys", "The key that encrypts the store: status, rotate"},
    {"keyring", "Secrets in the desktop's keyring: set, remove"},
    {"completion", "Completion for the shell: bash, zsh, fish"},
}};

constexpr std::array kGeneralFlags{
    GeneralFlag{"--help", "-h,--help", "Print what the command takes"},
    GeneralFlag{"--verbose", "-v,--verbose", "Log what happens, on standard error"},
    GeneralFlag{"--no-color", "--no-color", "Use no colours (as does NO_COLOR=1)"},
};

}  // namespace

std::string_view program_summary() {
  return "Gatehouse: one door between AI agents and every MCP server they use.";
}

std::string_view program_footer() {
  return kFooter;
}

std::string_view group_summary(std::string_view group) {
  for (const auto& [name, summary] : kGroups) {
    if (name == group) return summary;
  }
  return {};
}

std::span<const GeneralFlag> general_flags() {
  return kGeneralFlags;
}

}  // namespace gatehouse::cli
