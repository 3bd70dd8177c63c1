// PersonAtTerminal: answers what servers ask while a command runs (elicitation, SEP-1034 defaults).
// Declares only what the command's user can really do.
#pragma once

#include <string>

#include "cli/browser.hpp"
#include "cli/terminal.hpp"
#include "mcp/elicitation.hpp"
#include "mcp_client/peer.hpp"

namespace gatehouse::cli {

enum class Forms {
  none,      ///< nobody answers
  ask,       ///< the person at the terminal
  defaults,  ///< every form is accepted with the defaults of its schema
};

class PersonAtTerminal final : public mcp_client::Interaction {
 public:
  /// Both must outlive this. Until configure() nobody answers.
  PersonAtTerminal(Terminal& terminal, Browser& browser);

  /// Before the first connection is opened: what is declared then holds for its session.
  void configure(Forms forms);

  const mcp::ClientCapabilities& capabilities() const override { return capabilities_; }
  Task<Result<std::string>> answer(std::string_view method, std::string_view params) override;

 private:
  Task<Result<std::string>> fill_form(mcp::Elicitation elicitation);
  Task<Result<std::string>> ask_field(mcp::ElicitationField field);
  Task<Result<std::string>> open_link(mcp::Elicitation elicitation);

  Terminal& terminal_;
  Browser& browser_;
  Forms forms_ = Forms::none;
  mcp::ClientCapabilities capabilities_;
};

/// The raw JSON of what a person typed into a field; empty: left out. Errors: invalid_argument,
/// saying what is expected. Pure.
Result<std::string> parse_field(const mcp::ElicitationField& field, std::string_view typed);

}  // namespace gatehouse::cli
