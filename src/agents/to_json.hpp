// TOML and YAML as JSON text, so that one reader reads every agent's configuration. Each library is
// included by one unit. Untrusted input: bounded. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gatehouse::agents {

/// Dates and times become texts. Errors: parse, with line and column.
Result<std::string> toml_to_json(std::string_view text);
/// The first document. Plain scalars become numbers, booleans and null as YAML 1.2 has them.
/// Errors: parse, with line and column; too_large for aliases that would blow up.
Result<std::string> yaml_to_json(std::string_view text);

}  // namespace gatehouse::agents
