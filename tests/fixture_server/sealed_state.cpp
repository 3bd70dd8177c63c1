#include "fixture_server/sealed_state.hpp"

#include <sodium.h>

#include "base/encoding.hpp"
#include "base/random.hpp"

namespace gatehouse::fixture {
namespace {

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

}  // namespace

SealedState::SealedState() : key_(random_bytes(crypto_aead_xchacha20poly1305_ietf_KEYBYTES)) {}

std::string SealedState::seal(std::string_view name, std::string_view state) const {
  const std::string nonce = random_bytes(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
  std::string sealed(state.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes(sealed), nullptr, bytes(state), state.size(),
                                             bytes(name), name.size(), nullptr, bytes(nonce),
                                             bytes(key_));
  return base64url_encode(nonce + sealed);
}

std::optional<std::string> SealedState::open(std::string_view name, std::string_view sealed) const {
  constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
  constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
  const std::optional<std::string> raw = base64url_decode(sealed);
  if (!raw || raw->size() < kNonce + kTag) return std::nullopt;
  const std::string_view body = std::string_view(*raw).substr(kNonce);
  std::string state(body.size() - kTag, '\0');
  const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
      bytes(state), nullptr, nullptr, bytes(body), body.size(), bytes(name), name.size(),
      bytes(*raw), bytes(key_));
  if (opened != 0) return std::nullopt;
  return state;
}

}  // namespace gatehouse::fixture
