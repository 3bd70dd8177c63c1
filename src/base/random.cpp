#include "base/random.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <cstdlib>
#include <memory>

#include "base/encoding.hpp"

namespace gatehouse {
namespace {

void require_sodium() {
  static const int ready = sodium_init();
  if (ready < 0) std::abort();
}

struct DeleteEvp {
  void operator()(EVP_MD* algorithm) const { EVP_MD_free(algorithm); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

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
  static const std::unique_ptr<EVP_MD, DeleteEvp> algorithm(
      EVP_MD_fetch(nullptr, "SHA256", nullptr));
  thread_local const std::unique_ptr<EVP_MD_CTX, DeleteEvp> context(EVP_MD_CTX_new());
  std::string out(32, '\0');
  const bool done =
      algorithm && context && EVP_DigestInit_ex2(context.get(), algorithm.get(), nullptr) == 1 &&
      EVP_DigestUpdate(context.get(), data.data(), data.size()) == 1 &&
      EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(out.data()), nullptr) == 1;
  if (!done) std::abort();
  return out;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace gatehouse
