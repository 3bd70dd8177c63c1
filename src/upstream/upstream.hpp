// One upstream: a connection at work for one principal. Private to upstream/; a shard's tasks share
// it through shared_ptr, so that a request under way outlives a reset.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "mcp_client/connect.hpp"
#include "upstream/attendant.hpp"
#include "upstream/breaker.hpp"
#include "upstream/credential_authorizer.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::upstream {

/// Errc::corrupt when the connection's stored headers or environment cannot be decrypted: without
/// them the server must not be asked.
Result<void> require_secrets(const vault::Connection& connection);

/// Errc::policy for a connection that somebody disabled.
Result<void> require_enabled(const vault::Connection& connection);

Task<> close_peer(std::shared_ptr<mcp_client::Peer> peer);

struct Upstreams::Upstream {
  Upstream(const Target& target, vault::CredentialKey key_in, const Parts& parts)
      : key(std::move(key_in)),
        connection(target.connection),
        authorizer(std::make_shared<CredentialAuthorizer>(
            target.connection, key, parts.tokens,
            std::make_shared<FixedHeaders>(target.connection, parts.read_secret, parts.tasks,
                                           parts.clock))) {}

  vault::CredentialKey key;
  std::shared_ptr<const vault::Connection> connection;
  /// Shared with what a peer leaves running behind it, such as the farewell to a session.
  std::shared_ptr<CredentialAuthorizer> authorizer;
  std::unique_ptr<mcp_client::Launcher> launcher;
  std::shared_ptr<mcp_client::Peer> peer;  ///< null until opened
  Breaker breaker;
  int in_flight = 0;  ///< calls and listings
  SteadyTime last_used{};
  /// Nothing finds it any more; its peer is closed when the last call has ended.
  bool retired = false;
  Attendant* attendant = nullptr;  ///< null: the connection has neither roots nor a log level
  /// Tools whose server calls them read-only or idempotent: what `read_retries` holds for.
  std::set<std::string, std::less<>> repeatable;
  /// What the store says, so that health is written only when it changes.
  std::optional<vault::Health> saved_health;
  std::string saved_detail;
  /// Input schemas of tools that mirror arguments into headers; "{}" for the others (mcp-protocol
  /// H-6).
  std::map<std::string, std::string, std::less<>> schemas;
};

/// Holds a place at the upstream while a call or a listing is under way.
class Upstreams::InFlight final {
 public:
  InFlight(UpstreamPtr upstream, const Parts& parts)
      : upstream_(std::move(upstream)), parts_(parts) {
    ++upstream_->in_flight;
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() {
    --upstream_->in_flight;
    upstream_->last_used = parts_.clock.steady_now();
    if (upstream_->retired && upstream_->in_flight == 0 && upstream_->peer)
      parts_.tasks.spawn("close_upstream", close_peer(upstream_->peer));
  }

 private:
  UpstreamPtr upstream_;
  const Parts& parts_;
};

}  // namespace gatehouse::upstream
