// One upstream: a connection at work for one principal. Private to upstream/; a shard's tasks share
// it through shared_ptr, so that a request under way outlives a reset.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "mcp_client/connect.hpp"
#include "mcp_client/listen_retry.hpp"
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

/// What the sessions with one server for one credential share.
struct Upstreams::Common {
  Common(const Target& target, const vault::CredentialKey& key, const Parts& parts)
      : authorizer(std::make_shared<CredentialAuthorizer>(
            target.connection, key, parts.tokens,
            std::make_shared<FixedHeaders>(target.connection, parts.read_secret, parts.tasks,
                                           parts.clock))) {}

  /// Shared with what a peer leaves running behind it, such as the farewell to a session.
  std::shared_ptr<CredentialAuthorizer> authorizer;
  std::unique_ptr<mcp_client::Launcher> launcher;
  Breaker breaker;
  int calls = 0;        ///< calls and listings, over all sessions
  bool modern = false;  ///< as the last opening found
  /// Retry-After: until then nothing is sent.
  SteadyTime left_alone_until{};
  Errc left_alone_code = Errc::rate_limited;
  /// Tools whose server calls them read-only or idempotent: what `read_retries` holds for.
  std::set<std::string, std::less<>> repeatable;
  /// What the store says, so that health is written only when it changes.
  std::optional<vault::Health> saved_health;
  std::string saved_detail;
  /// Input schemas of tools that mirror arguments into headers; "{}" for the others (mcp-protocol
  /// H-6).
  std::map<std::string, std::string, std::less<>> schemas;
};

struct Upstreams::Upstream {
  Upstream(const Target& target, Key key_in, std::shared_ptr<Common> common_in)
      : key(std::move(key_in.credential)),
        variant(std::move(key_in.variant)),
        connection(target.connection),
        common(std::move(common_in)),
        authorizer(common->authorizer) {}

  vault::CredentialKey key;
  std::string variant;
  std::shared_ptr<const vault::Connection> connection;
  std::shared_ptr<Common> common;
  std::shared_ptr<CredentialAuthorizer> authorizer;
  std::string raised_level;                ///< of log messages, because a request wanted them
  mcp::ClientCapabilities declared;        ///< in a legacy `initialize`, beside roots of our own
  std::shared_ptr<Ear> ear;                ///< kept by the peer as well
  std::shared_ptr<mcp_client::Peer> peer;  ///< null until opened
  int in_flight = 0;                       ///< calls and listings
  SteadyTime last_used{};
  /// Nothing finds it any more; its peer is closed when the last call has ended.
  bool retired = false;
  Attendant* attendant = nullptr;  ///< null: the connection has neither roots nor a log level
};

/// What is followed at one upstream, whether it is open or not.
struct Upstreams::Following {
  Target target;
  mcp::Interest interest;
  std::weak_ptr<Upstream> session;  ///< that tells it
  bool stale = false;               ///< the connection may be another by now
  int asking = 0;
  SteadyTime next_try{};
  mcp_client::ListenRetry retry;
};

/// Hears what one session's server says outside of requests. Outlives the peer's own tasks.
class Upstreams::Ear final : public mcp::NotificationSink {
 public:
  Ear(Upstreams& upstreams, const UpstreamPtr& of) : upstreams_(upstreams), of_(of) {}
  void belong_to(const UpstreamPtr& upstream) { of_ = upstream; }
  void on_notification(std::string_view method, std::string_view params) override {
    if (const UpstreamPtr upstream = of_.lock()) upstreams_.hear(upstream, method, params);
  }

 private:
  Upstreams& upstreams_;
  std::weak_ptr<Upstream> of_;
};

/// Holds a place at the upstream while a call or a listing is under way.
class Upstreams::InFlight final {
 public:
  InFlight(UpstreamPtr upstream, const Parts& parts)
      : upstream_(std::move(upstream)), parts_(parts) {
    ++upstream_->in_flight;
    ++upstream_->common->calls;
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() {
    --upstream_->in_flight;
    --upstream_->common->calls;
    upstream_->last_used = parts_.clock.steady_now();
    if (upstream_->retired && upstream_->in_flight == 0 && upstream_->peer)
      parts_.tasks.spawn("close_upstream", close_peer(upstream_->peer));
  }

 private:
  UpstreamPtr upstream_;
  const Parts& parts_;
};

}  // namespace gatehouse::upstream
