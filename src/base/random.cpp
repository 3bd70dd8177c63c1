#include "base/random.hpp"

#include <openssl/sha.h>
#include <sodium.h>

#include <cstdlib>

#include "base/encoding.hpp"

namespace gatehouse {
namespace {

void require_sodium() {
  static const int ready = sodium_init();
  if (ready < 0) std::abort();
}

}  // namespace

std::string random_bytes(std::size_t count) {
  require_sodium();
  std::string out(count, '\0');
  randombytes_buf(out.data(), out.size());
  return out;
}

std::string random_token(std::size_t bytes) {
  return base64url_encode(random_bytes(bytes));
}

// OpenSSL uses the processor's instructions for SHA-256, libsodium does not; every call hashes its
// token and its arguments. Looking the algorithm up by name costs more than hashing.
std::string sha256(std::string_view data) {
  // The plain functions: EVP's way to the same code costs a third of a short digest.
  std::string out(32, '\0');
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, data.data(), data.size());
  SHA256_Final(reinterpret_cast<unsigned char*>(out.data()), &context);
  return out;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace gatehouse
