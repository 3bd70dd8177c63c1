#include "gateway/sealed_text.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <charconv>

#include "base/encoding.hpp"
#include "base/random.hpp"

namespace gatehouse::gateway {
namespace {

constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kTextBytes = 8 * 1024;  // of a text that comes back
constexpr std::string_view kPrefix = "s1.";

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

std::string join(const std::vector<std::string_view>& parts) {
  std::string out;
  for (const std::string_view part : parts) out += fmt::format("{}:{}", part.size(), part);
  return out;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc{}) return {};
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.starts_with(':') || text.size() - 1 < size) return {};
    parts.emplace_back(text.substr(1, size));
    text.remove_prefix(size + 1);
  }
  return parts;
}

std::unexpected<Error> refuse() {
  return fail(Errc::invalid_argument, "not one of ours, or changed");
}

}  // namespace

std::string SealedText::seal(const std::vector<std::string_view>& parts,
                             const Binding& binding) const {
  const StateKeys::Key key = keys_.current();
  const std::string plain = join(parts);
  const std::string data = "gatehouse sealed text:" + join(binding);
  const std::string nonce = random_bytes(kNonceBytes);
  std::string sealed(plain.size() + kTagBytes, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes_of(sealed), nullptr, bytes_of(plain),
                                             plain.size(), bytes_of(data), data.size(), nullptr,
                                             bytes_of(nonce), bytes_of(key.bytes.reveal()));
  return std::string(kPrefix) + key.id + "." + base64url_encode(nonce + sealed);
}

Result<std::vector<std::string>> SealedText::open(std::string_view text,
                                                  const Binding& binding) const {
  if (text.size() > kTextBytes || !text.starts_with(kPrefix)) return refuse();
  const std::size_t dot = text.find('.', kPrefix.size());
  if (dot == std::string_view::npos) return refuse();
  const std::optional<Secret> key = keys_.find(text.substr(kPrefix.size(), dot - kPrefix.size()));
  if (!key) return refuse();
  const std::optional<std::string> bytes = base64url_decode(text.substr(dot + 1));
  if (!bytes || bytes->size() < kNonceBytes + kTagBytes) return refuse();
  const std::string_view sealed = std::string_view(*bytes).substr(kNonceBytes);
  const std::string data = "gatehouse sealed text:" + join(binding);
  std::string plain(sealed.size() - kTagBytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          bytes_of(plain), nullptr, nullptr, bytes_of(sealed), sealed.size(), bytes_of(data),
          data.size(), bytes_of(*bytes), bytes_of(key->reveal())) != 0) {
    return refuse();
  }
  return split(plain);
}

}  // namespace gatehouse::gateway
