#include "vault/sealer.hpp"

#include <sodium.h>

#include <cassert>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "vault/fields.hpp"

namespace gatehouse::vault {
namespace {

constexpr char kVersion = 1;
constexpr const char* kPurpose = "vault";
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string associated_data(const Place& place) {
  std::string out;
  for (const std::string_view part : {place.organization, place.table, place.column, place.row})
    append_field(out, part);
  for (const std::string_view part : place.bound_to) append_field(out, part);
  return out;
}

}  // namespace

Result<Envelope> parse_envelope(std::string_view sealed) {
  if (sealed.empty() || sealed[0] != kVersion)
    return fail(Errc::parse, "the ciphertext is of a version this build does not know");
  if (sealed.size() < 1 + MasterKey::kIdBytes + kNonceBytes + kTagBytes)
    return fail(Errc::parse, "the ciphertext is too short");
  sealed.remove_prefix(1);
  return Envelope{.key_id = sealed.substr(0, MasterKey::kIdBytes),
                  .nonce = sealed.substr(MasterKey::kIdBytes, kNonceBytes),
                  .ciphertext = sealed.substr(MasterKey::kIdBytes + kNonceBytes)};
}

Sealer::Sealer(const MasterKey& current, const std::vector<MasterKey>& older)
    : keys_(std::make_shared<HeldKeys>(std::vector{current})) {
  for (const MasterKey& key : older) keys_->add(key);
}

std::string Sealer::seal(std::string_view plain, const Place& place) const {
  const MasterKey master = keys_->current();
  const Secret key = master.derive(kPurpose);
  const std::string nonce = random_bytes(kNonceBytes);
  const std::string data = associated_data(place);
  std::string sealed = kVersion + master.id() + nonce;
  const std::size_t head = sealed.size();
  sealed.resize(head + plain.size() + kTagBytes);
  unsigned long long size = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      reinterpret_cast<unsigned char*>(sealed.data() + head), &size, bytes_of(plain), plain.size(),
      bytes_of(data), data.size(), nullptr, bytes_of(nonce), bytes_of(key.reveal()));
  assert(size == plain.size() + kTagBytes);
  return sealed;
}

Result<Secret> Sealer::open(std::string_view sealed, const Place& place) const {
  const Result<Envelope> envelope = parse_envelope(sealed);
  if (!envelope) return fail(Errc::corrupt, envelope.error().detail);
  const std::optional<MasterKey> master = keys_->find(envelope->key_id);
  if (!master)
    return fail(Errc::corrupt,
                "it was encrypted under another key (id " + hex_encode(envelope->key_id) + ")");
  const Secret key = master->derive(kPurpose);
  const std::string data = associated_data(place);
  std::string plain(envelope->ciphertext.size() - kTagBytes, '\0');
  unsigned long long size = 0;
  const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
      reinterpret_cast<unsigned char*>(plain.data()), &size, nullptr,
      bytes_of(envelope->ciphertext), envelope->ciphertext.size(), bytes_of(data), data.size(),
      bytes_of(envelope->nonce), bytes_of(key.reveal()));
  if (opened != 0) return fail(Errc::corrupt, "it is damaged or belongs to another row");
  return Secret(std::move(plain));
}

std::string Sealer::seal_all(const std::vector<std::string_view>& plain, const Place& place) const {
  const Secret all(encode_fields(plain));
  return seal(all.reveal(), place);
}

Result<std::vector<Secret>> Sealer::open_all(std::string_view sealed, const Place& place,
                                             std::size_t count) const {
  const Result<Secret> plain = open(sealed, place);
  if (!plain) return std::unexpected(plain.error());
  const auto fields = decode_fields(plain->reveal());
  if (!fields || fields->size() != count)
    return fail(Errc::corrupt, "it holds other fields than this build knows");
  std::vector<Secret> secrets;
  for (const std::string_view field : *fields) secrets.emplace_back(std::string(field));
  return secrets;
}

}  // namespace gatehouse::vault
