#include "gateway/session_ids.hpp"

#include <sodium.h>

#include "base/encoding.hpp"
#include "base/random.hpp"

namespace gatehouse::gateway {
namespace {

constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kReplicaBytes = 8;
constexpr std::size_t kPlainBytes = kReplicaBytes + 2;
constexpr std::size_t kIdBytes = kNonceBytes + kPlainBytes + kTagBytes;
constexpr std::size_t kIdChars = (kIdBytes * 4 + 2) / 3;
constexpr std::string_view kPurpose = "gatehouse session id";

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

Secret derive(const Secret& key) {
  std::string out(crypto_aead_xchacha20poly1305_ietf_KEYBYTES, '\0');
  crypto_generichash(bytes_of(out), out.size(), bytes_of(kPurpose), kPurpose.size(),
                     bytes_of(key.reveal()), key.reveal().size());
  return Secret(std::move(out));
}

}  // namespace

SessionIds::SessionIds(const Secret& key)
    : key_(derive(key)), replica_(random_bytes(kReplicaBytes)) {}

std::string SessionIds::make(std::size_t shard) const {
  std::string plain = replica_;
  plain += static_cast<char>(shard >> 8U);
  plain += static_cast<char>(shard & 0xFFU);
  const std::string nonce = random_bytes(kNonceBytes);
  std::string sealed(kPlainBytes + kTagBytes, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes_of(sealed), nullptr, bytes_of(plain),
                                             plain.size(), nullptr, 0, nullptr, bytes_of(nonce),
                                             bytes_of(key_.reveal()));
  return base64url_encode(nonce + sealed);
}

std::optional<std::size_t> SessionIds::shard_of(std::string_view id) const {
  if (id.size() != kIdChars) return std::nullopt;
  const std::optional<std::string> bytes = base64url_decode(id);
  if (!bytes || bytes->size() != kIdBytes) return std::nullopt;
  const std::string_view sealed = std::string_view(*bytes).substr(kNonceBytes);
  std::string plain(kPlainBytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(bytes_of(plain), nullptr, nullptr,
                                                 bytes_of(sealed), sealed.size(), nullptr, 0,
                                                 bytes_of(*bytes), bytes_of(key_.reveal())) != 0)
    return std::nullopt;
  if (!plain.starts_with(replica_)) return std::nullopt;
  return static_cast<std::size_t>(static_cast<unsigned char>(plain[kReplicaBytes])) << 8U |
         static_cast<unsigned char>(plain[kReplicaBytes + 1]);
}

}  // namespace gatehouse::gateway
