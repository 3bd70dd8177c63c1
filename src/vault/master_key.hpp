// MasterKey: the 256 bits that everything secret in the store hangs on (design §4.7). Where they
// come from is key_source.hpp's business.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace gatehouse::vault {

class MasterKey final {
 public:
  static constexpr std::size_t kBytes = 32;
  static constexpr std::size_t kIdBytes = 8;

  /// invalid_argument unless `bytes` is exactly kBytes long.
  static Result<MasterKey> from_bytes(Secret bytes);
  static MasterKey make();

  /// kIdBytes raw bytes, derived by hash: tells keys apart, tells nothing about the key.
  const std::string& id() const { return id_; }
  /// A key of its own for one purpose, such as "request state": 32 bytes. Same purpose, same key.
  Secret derive(std::string_view purpose) const;
  /// For key sources and for wrapping under another key; nobody else keeps them.
  const Secret& bytes() const { return bytes_; }

 private:
  explicit MasterKey(Secret bytes);
  Secret bytes_;
  std::string id_;
};

inline constexpr std::size_t kKeysAtOnce = 8;  ///< of one key source: two while a key is replaced

/// Keys as text: each the base64 of 32 bytes, separated by blanks or line ends, the one to use
/// first. parse: invalid_argument (no key, not a key, more than kKeysAtOnce); never shows them.
Result<std::vector<MasterKey>> parse_keys(std::string_view text);
Secret format_keys(const std::vector<MasterKey>& keys);

}  // namespace gatehouse::vault
