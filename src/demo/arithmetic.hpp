// Arithmetic for the calculator tool: + - * / ^, parentheses, unary minus. Pure, bounded depth.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace gatehouse::demo {

/// Errors: invalid_argument, with the place.
Result<double> evaluate(std::string_view expression);

}  // namespace gatehouse::demo
