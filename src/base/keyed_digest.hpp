// KeyedDigest: a short name for secret text that is looked up often, under a key that nobody else
// has and that ends with the object (SipHash-2-4, 128 bits). Who does not know the key can neither
// find two texts of the same digest nor guess one. Not for storage: the key is not kept. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace gatehouse {

class KeyedDigest final {
 public:
  using Value = std::array<unsigned char, 16>;
  /// For containers: any eight bytes of a digest are a hash.
  struct Hash {
    std::size_t operator()(const Value& value) const {
      std::size_t hash = 0;
      std::memcpy(&hash, value.data(), sizeof hash);
      return hash;
    }
  };

  /// Draws a key.
  KeyedDigest();
  ~KeyedDigest();
  KeyedDigest(const KeyedDigest&) = delete;
  KeyedDigest& operator=(const KeyedDigest&) = delete;

  Value of(std::string_view text) const;

 private:
  std::array<unsigned char, 16> key_;
};

}  // namespace gatehouse
