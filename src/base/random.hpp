// Randomness and digests from libsodium, as bytes in strings. Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gatehouse {

/// `count` bytes from the system's cryptographic source.
std::string random_bytes(std::size_t count);

/// `bytes` random bytes as unpadded base64url text.
std::string random_token(std::size_t bytes);

/// SHA-256 of `data` as 32 raw bytes.
std::string sha256(std::string_view data);

/// Compares without revealing where the difference is; lengths may leak.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace gatehouse
