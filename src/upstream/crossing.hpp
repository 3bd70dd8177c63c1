// Where an upstream lives when there are several shards (design §2): what has state there (a child
// process, a legacy session, a stream that is followed) on exactly one, by hash of connection and
// credential; a modern server over HTTP on each that calls it. Private to upstream/.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "async/shards.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::upstream {

struct Upstreams::Crossing {
  ShardPlace place;
  std::vector<Upstreams*> all;  ///< by shard
  /// How many are open on each shard; written by itself, read by all.
  std::shared_ptr<std::vector<std::atomic<std::size_t>>> live;
  /// What the store says of a connection over HTTP, by id, until its state changes: modern or not.
  std::map<std::string, bool, std::less<>> modern;
  std::uint64_t forgotten = 0;  ///< counts changes, so that an older answer is not kept
  /// Connections that were edited a moment ago, and when: who asks from another shard may not have
  /// heard of it yet.
  std::map<std::string, SteadyTime, std::less<>> edited;
  /// At the owner: which shard wants to hear what.
  std::map<vault::CredentialKey, std::map<std::size_t, mcp::Interest>> followed;
  /// What the handshake of upstreams on other shards told.
  std::map<vault::CredentialKey, mcp_client::ServerInfo> infos;

  std::size_t owner_of(const Target& target) const;
  std::size_t owner_of(const vault::CredentialKey& key) const;
  bool owns(const vault::CredentialKey& key) const { return owner_of(key) == place.here; }
  /// The shard that a request goes to; nothing: the store has to be asked.
  std::optional<std::size_t> route(const Target& target) const;
  void forget(const std::string& connection);
};

/// All that any of them wants to hear; its log level is the lowest. Pure.
mcp::Interest unite(const std::map<std::size_t, mcp::Interest>& interests);

}  // namespace gatehouse::upstream
