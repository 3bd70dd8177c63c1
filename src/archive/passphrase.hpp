// Encryption under a passphrase: Argon2id, then XChaCha20-Poly1305 (libsodium). The parameters
// stand beside the ciphertext, so that later builds may choose others. Blocks for about a second.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace gatehouse::archive {

inline constexpr std::uint64_t kOperations = 3;
inline constexpr std::uint64_t kMemory = 256ULL * 1024 * 1024;  // bytes; libsodium's "moderate"
inline constexpr std::uint64_t kMostOperations = 16;            // of a file: seconds, not hours
inline constexpr std::uint64_t kMostMemory = 1024ULL * 1024 * 1024;

struct Sealed {
  std::string salt;
  std::uint64_t operations = kOperations;
  std::uint64_t memory = kMemory;
  std::string nonce;
  std::string ciphertext;
};

/// `bound_to` is authenticated, not kept. Errors: storage (out of memory).
Result<Sealed> seal(std::string_view plain, std::string_view bound_to, const Secret& passphrase);
/// Errors: policy (wrong passphrase, or something was changed), too_large (parameters beyond what
/// is reasonable), parse (sizes), storage.
Result<Secret> open(const Sealed& sealed, std::string_view bound_to, const Secret& passphrase);

}  // namespace gatehouse::archive
