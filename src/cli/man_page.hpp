// Manual pages from the command specs, the source of --help as well. Pure: text in, roff (man
// macros) out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"

namespace gatehouse::cli {

struct ManEdition {
  std::string version;
  std::string date;  ///< "2026-11-21"
};

struct ManPage {
  std::string file;  ///< "gatehouse-add.1"
  std::string text;
};

/// gatehouse.1, and one page for each command and each group of commands.
std::vector<ManPage> make_man_pages(const std::vector<CommandSpec>& specs,
                                    const ManEdition& edition);

/// One line of text as roff: nothing in it is a request or an escape.
std::string roff(std::string_view text);
/// The head of a page: .TH and NAME.
std::string man_head(std::string_view title, std::string_view section, const ManEdition& edition,
                     std::string_view name, std::string_view summary);

}  // namespace gatehouse::cli
