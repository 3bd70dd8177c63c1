// SealedState: what the server gives a client to keep between two rounds of a call (patterns/mrtr,
// encrypted and authenticated with a key of this process, bound to the tool or prompt.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::fixture {

class SealedState final {
 public:
  SealedState();

  /// base64url text that opens for the same `name` only. No two are equal.
  std::string seal(std::string_view name, std::string_view state) const;
  /// Nothing for what this process did not seal for `name`.
  std::optional<std::string> open(std::string_view name, std::string_view sealed) const;

 private:
  std::string key_;
};

}  // namespace gatehouse::fixture
