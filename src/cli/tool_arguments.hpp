// The arguments of `gatehouse call` as one JSON object: given as JSON, or as key=value pairs typed
// by the tool's input schema. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gatehouse::cli {

/// key=value takes the type that the schema gives the property: text for strings, JSON for the
/// rest. A property the schema does not describe is JSON where it reads as a number, true, false,
/// null, object or array, and text otherwise. key:=value is always JSON. A key given several times
/// fills an array property. `raw_schema` is proved JSON. Errors: invalid_argument, naming the key.
Result<std::string> make_arguments(std::string_view raw_schema,
                                   const std::vector<std::string>& pairs);

/// A document that a person gave: a proved JSON object without line breaks around it. Errors:
/// invalid_argument; `source` names where it came from.
Result<std::string> parse_arguments(std::string_view text, std::string_view source);

}  // namespace gatehouse::cli
