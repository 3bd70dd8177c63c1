// Stored tools as commands show them. Reads raw definitions; everything in them is the server's
// word.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cli/services.hpp"
#include "vault/records.hpp"

namespace gatehouse::cli {

struct ToolView {
  std::string name;
  std::string title;
  std::string description;
  std::string risk;           ///< "read", "write", "destructive": the server's claim
  std::string input_schema;   ///< raw JSON
  std::string output_schema;  ///< raw JSON; empty: none
  std::string raw;            ///< the definition, as listed
};

/// Of one proved definition.
ToolView view_tool(std::string_view raw);

/// What is left of the list when the connection's filter has taken out what it excludes. The rest
/// of a command knows of no other tools.
vault::StoredCatalog allowed_tools(const vault::Connection& connection,
                                   vault::StoredCatalog catalog);

/// By its own name or the short form that agents see (gateway/names.hpp). Nothing when the catalog
/// has no such tool.
std::optional<ToolView> find_tool(const vault::StoredCatalog& catalog, std::string_view connection,
                                  std::string_view name);

/// The tools as table lines, and warnings about those left out on standard error. Those that
/// `filter` excludes are marked.
void print_tools(Terminal& terminal, const std::string& connection,
                 const vault::StoredCatalog& catalog, const vault::ToolFilter& filter = {});
void warn_dropped(Terminal& terminal, const vault::StoredCatalog& catalog);

/// "name.tool" taken apart; the tool's name may have dots itself. Errors: invalid_argument.
Result<std::pair<std::string, std::string>> split_capability(const std::string& name);

/// Errors: not_found, naming what was probably meant.
Error unknown_tool(const std::string& connection, const std::string& tool,
                   const vault::StoredCatalog& catalog);

}  // namespace gatehouse::cli
