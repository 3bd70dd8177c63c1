// One upstream: a connection at work for one principal. Private to upstream/; a shard's tasks share
// it through shared_ptr, so that a request under way outlives a reset.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "mcp_client/connect.hpp"
#include "upstream/breaker.hpp"
#include "upstream/credential_authorizer.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::upstream {

/// Errc::corrupt when the connection's stored headers or environment cannot be decrypted: without
/// them the server must not be asked.
Result<void> require_secrets(const vault::Connection& connection);

struct Upstreams::Upstream {
  Upstream(const Target& target, vault::CredentialKey key_in, oauth_client::TokenSource& tokens)
      : key(std::move(key_in)),
        connection(target.connection),
        authorizer(std::make_shared<CredentialAuthorizer>(target.connection, key, tokens)) {}

  vault::CredentialKey key;
  std::shared_ptr<const vault::Connection> connection;
  /// Shared with what a peer leaves running behind it, such as the farewell to a session.
  std::shared_ptr<CredentialAuthorizer> authorizer;
  std::unique_ptr<mcp_client::Launcher> launcher;
  std::shared_ptr<mcp_client::Peer> peer;  ///< null until opened
  Breaker breaker;
  int in_flight = 0;
  SteadyTime last_used{};
  /// What the store says, so that health is written only when it changes.
  std::optional<vault::Health> saved_health;
  std::string saved_detail;
  /// Input schemas of tools that mirror arguments into headers; "{}" for the others (mcp-protocol
  /// H-6).
  std::map<std::string, std::string, std::less<>> schemas;
};

}  // namespace gatehouse::upstream
