// The placeholders that configuration files of others know, turned into ours: `${VAR}`,
// `${VAR:-default}` (Claude), `${env:VAR}` (Cursor, VS Code), `${userHome}`, `${workspaceFolder}`,
// `${workspaceFolderBasename}`, `${pathSeparator}` and `${/}` (VS Code, Cursor). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/mcp_json.hpp"
#include "config/placeholder.hpp"

namespace gatehouse::config {

/// The text with ours only (placeholder.hpp), proved. Errors: as parse_template; invalid_argument
/// for `${input:…}`, which asks a person in an editor.
Result<Template> parse_file_text(std::string_view text, const FilePlace& place);

}  // namespace gatehouse::config
