#include "archive/passphrase.hpp"

#include <sodium.h>

#include "base/random.hpp"

namespace gatehouse::archive {
namespace {

constexpr std::size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

Result<Secret> key_of(const Sealed& sealed, const Secret& passphrase) {
  if (::sodium_init() < 0) return fail(Errc::bug, "libsodium cannot be initialised");
  std::string key(kKeyBytes, '\0');
  const std::string_view text = passphrase.reveal();
  if (crypto_pwhash(bytes_of(key), key.size(), text.data(), text.size(), bytes_of(sealed.salt),
                    sealed.operations, static_cast<std::size_t>(sealed.memory),
                    crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(Errc::storage, "there is not enough memory to derive the key from the passphrase");
  return Secret(std::move(key));
}

}  // namespace

Result<Sealed> seal(std::string_view plain, std::string_view bound_to, const Secret& passphrase) {
  Sealed sealed;
  sealed.salt = random_bytes(crypto_pwhash_SALTBYTES);
  sealed.nonce = random_bytes(kNonceBytes);
  const Result<Secret> key = key_of(sealed, passphrase);
  if (!key) return std::unexpected(key.error());
  sealed.ciphertext.resize(plain.size() + kTagBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      bytes_of(sealed.ciphertext), nullptr, bytes_of(plain), plain.size(), bytes_of(bound_to),
      bound_to.size(), nullptr, bytes_of(sealed.nonce), bytes_of(key->reveal()));
  return sealed;
}

Result<Secret> open(const Sealed& sealed, std::string_view bound_to, const Secret& passphrase) {
  if (sealed.salt.size() != crypto_pwhash_SALTBYTES || sealed.nonce.size() != kNonceBytes ||
      sealed.ciphertext.size() < kTagBytes)
    return fail(Errc::parse, "the sealed part is damaged");
  if (sealed.operations < 1 || sealed.operations > kMostOperations || sealed.memory < 8192 ||
      sealed.memory > kMostMemory)
    return fail(Errc::too_large, "the sealed part asks for more work than an export ever does");
  const Result<Secret> key = key_of(sealed, passphrase);
  if (!key) return std::unexpected(key.error());
  std::string plain(sealed.ciphertext.size() - kTagBytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          bytes_of(plain), nullptr, nullptr, bytes_of(sealed.ciphertext), sealed.ciphertext.size(),
          bytes_of(bound_to), bound_to.size(), bytes_of(sealed.nonce),
          bytes_of(key->reveal())) != 0)
    return fail(Errc::policy, "the passphrase is wrong, or the file was changed",
                "try again; a file that was edited cannot be opened any more");
  return Secret(std::move(plain));
}

}  // namespace gatehouse::archive
