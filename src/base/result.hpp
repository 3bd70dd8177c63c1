// Result<T>: the value, or an Error that the world caused (style: three channels). Used by every
// layer.
#pragma once

#include <expected>

#include "base/error.hpp"

namespace gatehouse {

template <class T>
using Result = std::expected<T, Error>;

/// Shorthand for `return std::unexpected(Error{...})`.
inline std::unexpected<Error> fail(Errc code, std::string detail, std::string hint = {}) {
  return std::unexpected(Error{code, std::move(detail), std::move(hint)});
}

}  // namespace gatehouse
