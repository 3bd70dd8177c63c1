// LegacyFollowing: what a legacy session is told of an Interest (O-6): logging/setLevel,
// resources/subscribe and resources/unsubscribe, sent again where the session is a new one. List
// changes come unasked. Owned by the peers of legacy servers; several tasks may ask at once.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "async/condition.hpp"
#include "mcp_client/peer.hpp"

namespace gatehouse::mcp_client {

class LegacyFollowing final {
 public:
  explicit LegacyFollowing(Executor executor) : changed_(executor) {}

  /// As Peer::follow(), over `peer`, the one that owns this.
  Task<Result<Followed>> follow(Peer& peer, mcp::Interest interest);
  /// The session is a new one: it has been told nothing.
  void forget() { told_ = {}; }
  /// Tells the new session what the last one was told. Never fails: what it refuses is not heard.
  Task<> restore(Peer& peer);
  bool wants() const { return !wanted_.empty(); }

 private:
  struct Step {
    std::string method;
    std::string params;
    std::string uri;  ///< empty: the level
  };
  std::optional<Step> next_step(const ServerInfo& info) const;
  void on_done(const Step& step, bool agreed);
  mcp::Interest granted(const ServerInfo& info) const;
  Task<Result<std::optional<mcp::HttpRefusal>>> converge(Peer& peer);

  mcp::Interest wanted_;
  mcp::Interest told_;                          // of this session
  std::set<std::string, std::less<>> refused_;  // URIs, until something else is wanted
  bool level_refused_ = false;
  bool running_ = false;
  Condition changed_;  // nobody runs any more
};

}  // namespace gatehouse::mcp_client
