// The person's browser, where there is one. Implemented by app/.
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"

namespace gatehouse::cli {

class Browser {
 public:
  virtual ~Browser() = default;
  /// True when open() would start something: $BROWSER is set, or a display is there.
  virtual bool available() const = 0;
  /// True when $BROWSER names one: somebody wants it even where no terminal is.
  virtual bool chosen() const = 0;
  /// Starts it and returns at once. Errors: invalid_argument (not an http or https URL),
  /// unavailable.
  virtual Result<void> open(std::string_view url) = 0;
  /// Why the last one opened ended without success, once it has; nothing while it runs or went
  /// well.
  virtual std::optional<std::string> failure() = 0;
};

}  // namespace gatehouse::cli
