// SealedText: short texts that clients carry for us and must neither read nor change: cursors and
// task ids of ours (design §5; reference F-8, G-18). XChaCha20-Poly1305 under the state keys, which
// all processes on the store share. What the text is for, and who may bring it back, is
// authenticated but not carried.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/request_state.hpp"

namespace gatehouse::gateway {

class SealedText final {
 public:
  explicit SealedText(StateKeys keys) : keys_(std::move(keys)) {}

  /// What a text is good for: `use` ("cursor", "task") and whose it is, each part told apart.
  using Binding = std::vector<std::string_view>;

  /// Visible ASCII without quotes or blanks; about 4/3 of the parts' bytes and 70 more.
  std::string seal(const std::vector<std::string_view>& parts, const Binding& binding) const;
  /// The parts. invalid_argument when the text was not sealed by us for that binding, or was
  /// changed.
  Result<std::vector<std::string>> open(std::string_view text, const Binding& binding) const;

 private:
  StateKeys keys_;
};

}  // namespace gatehouse::gateway
