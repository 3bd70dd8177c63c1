// Sealer: authenticated encryption of what is secret in the store (design §4.7).
//
//   version (1 byte: 1) | key id (8) | nonce (24) | XChaCha20-Poly1305 ciphertext and tag
//
// The associated data is the place: organization, table, column, row, and what the secret may be
// used with (issuer and resource of a credential). A ciphertext moved to another row, or a row
// edited to name another issuer, does not open. Safe from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "vault/held_keys.hpp"

namespace gatehouse::vault {

/// Where a ciphertext stands. Views must outlive the call.
struct Place {
  std::string_view organization;
  std::string_view table;
  std::string_view column;
  std::string_view row;
  std::vector<std::string_view> bound_to;  ///< such as issuer and resource
};

/// The parts of a sealed text, as views into it.
struct Envelope {
  std::string_view key_id;
  std::string_view nonce;
  std::string_view ciphertext;
};

/// Pure. parse: too short, or a version we do not know.
Result<Envelope> parse_envelope(std::string_view sealed);

class Sealer final {
 public:
  /// Seals with the key that seals now; opens with every key that is held.
  explicit Sealer(std::shared_ptr<HeldKeys> keys) : keys_(std::move(keys)) {}
  /// With keys that stay as they are: seals with `current`.
  explicit Sealer(const MasterKey& current, const std::vector<MasterKey>& older = {});

  HeldKeys& keys() const { return *keys_; }

  std::string seal(std::string_view plain, const Place& place) const;
  /// corrupt: damaged, from elsewhere, or sealed under a key that is not here; the detail says
  /// which.
  Result<Secret> open(std::string_view sealed, const Place& place) const;

  /// Several secrets in one ciphertext.
  std::string seal_all(const std::vector<std::string_view>& plain, const Place& place) const;
  /// As many as were sealed; corrupt also when the number is not `count`.
  Result<std::vector<Secret>> open_all(std::string_view sealed, const Place& place,
                                       std::size_t count) const;

 private:
  std::shared_ptr<HeldKeys> keys_;
};

}  // namespace gatehouse::vault
