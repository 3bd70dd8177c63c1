#include "base/keyed_digest.hpp"

#include <sodium.h>

#include <cstdlib>

namespace gatehouse {

static_assert(crypto_shorthash_siphashx24_BYTES == std::tuple_size_v<KeyedDigest::Value>);
static_assert(crypto_shorthash_siphashx24_KEYBYTES == 16);

KeyedDigest::KeyedDigest() {
  if (sodium_init() < 0) std::abort();
  randombytes_buf(key_.data(), key_.size());
}

KeyedDigest::~KeyedDigest() {
  sodium_memzero(key_.data(), key_.size());
}

KeyedDigest::Value KeyedDigest::of(std::string_view text) const {
  Value value;
  crypto_shorthash_siphashx24(value.data(), reinterpret_cast<const unsigned char*>(text.data()),
                              text.size(), key_.data());
  return value;
}

}  // namespace gatehouse
