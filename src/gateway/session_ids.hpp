// SessionIds: ids of legacy sessions that say where the session lives (design §5): sealed over
// {this run of the process, shard}, so that nobody can guess one or learn anything from it, and any
// shard can tell whose it is. One for all shards of a process, made at its start; the key does not
// change with a rotation, because no session outlives the process.
//
//   base64url( nonce (24) | XChaCha20-Poly1305 of replica (8), shard (2) and tag (16) )
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace gatehouse::gateway {

class SessionIds final {
 public:
  /// `key`: 32 bytes, as StateKeys give them; sessions get a key of their own from it. Every run of
  /// the process is a replica of its own.
  explicit SessionIds(const Secret& key);

  /// A new id each time: 67 characters, 192 random bits in them.
  std::string make(std::size_t shard) const;
  /// The shard that the session lives on. Nothing: not one of ours, or of another replica or an
  /// earlier run, so that whoever holds it has to initialize again.
  std::optional<std::size_t> shard_of(std::string_view id) const;

 private:
  Secret key_;
  std::string replica_;
};

}  // namespace gatehouse::gateway
