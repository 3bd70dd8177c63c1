#include "vault/master_key.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include "base/encoding.hpp"
#include "base/random.hpp"

namespace gatehouse::vault {
namespace {

std::string keyed_hash(std::string_view key, std::string_view text, std::size_t size) {
  std::string out(size, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(out.data()), size,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     reinterpret_cast<const unsigned char*>(key.data()), key.size());
  return out;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

MasterKey::MasterKey(Secret bytes) : bytes_(std::move(bytes)) {
  id_ = keyed_hash(bytes_.reveal(), "gatehouse key id", 16).substr(0, kIdBytes);
}

Result<MasterKey> MasterKey::from_bytes(Secret bytes) {
  if (::sodium_init() < 0) return fail(Errc::bug, "libsodium cannot be initialised");
  if (bytes.reveal().size() != kBytes)
    return fail(Errc::invalid_argument, "the master key must be exactly 32 bytes");
  return MasterKey(std::move(bytes));
}

MasterKey MasterKey::make() {
  return MasterKey(Secret(random_bytes(kBytes)));
}

Secret MasterKey::derive(std::string_view purpose) const {
  return Secret(keyed_hash(bytes_.reveal(), "gatehouse " + std::string(purpose), kBytes));
}

Result<std::vector<MasterKey>> parse_keys(std::string_view text) {
  std::vector<MasterKey> keys;
  while (!text.empty()) {
    if (is_blank(text.front())) {
      text.remove_prefix(1);
      continue;
    }
    std::size_t end = 0;
    while (end < text.size() && !is_blank(text[end])) ++end;
    std::optional<std::string> bytes = base64_decode(text.substr(0, end));
    if (!bytes || bytes->size() != MasterKey::kBytes)
      return fail(Errc::invalid_argument,
                  fmt::format("key number {} is not the base64 of 32 bytes", keys.size() + 1));
    Result<MasterKey> key = MasterKey::from_bytes(Secret(std::move(*bytes)));
    if (!key) return std::unexpected(key.error());
    if (keys.size() == kKeysAtOnce)
      return fail(Errc::invalid_argument, fmt::format("it has more than {} keys", kKeysAtOnce));
    keys.push_back(std::move(*key));
    text.remove_prefix(end);
  }
  if (keys.empty()) return fail(Errc::invalid_argument, "there is no key in it");
  return keys;
}

Secret format_keys(const std::vector<MasterKey>& keys) {
  std::string text;
  text.reserve(keys.size() * 48);  // no reallocation: no unwiped copies
  for (const MasterKey& key : keys) {
    const Secret line(base64_encode(key.bytes().reveal()));
    text += line.reveal();
    text += '\n';
  }
  return Secret(std::move(text));
}

}  // namespace gatehouse::vault
