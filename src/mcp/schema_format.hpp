// The `format` keyword of JSON Schema (2020-12 validation §7). Pure. Called by the schema
// validator.
#pragma once

#include <string_view>

namespace gatehouse::mcp {

/// False only for the formats that can be told wrong at a glance (date, date-time, email, uri,
/// uuid); all others pass, for the dialect makes `format` an annotation.
bool fits_format(std::string_view format, std::string_view text);

}  // namespace gatehouse::mcp
