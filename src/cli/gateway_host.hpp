// GatewayHost: one shard's Gateway with what keeps it going: the change feed and the idle sweep,
// and on shard 0 what is once per process: the refresh of logins that nobody uses, the watch over
// configuration files, and the Unix socket on which later processes of this user join it (design
// §5). Used by serve, stdio and demo.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/condition.hpp"
#include "cli/services.hpp"
#include "gateway/gateway.hpp"
#include "gateway/session_ids.hpp"
#include "identity/token_cache.hpp"
#include "net/unix_socket.hpp"
#include "oauth_client/idle_refresh.hpp"
#include "vault/feed_reader.hpp"

namespace gatehouse::cli {

class GatewayHost final {
 public:
  /// `services`, of the shard, and `ids` must outlive this. `authorities`: what HTTP listens on;
  /// empty: lines only, which have no sessions and need no `ids`.
  GatewayHost(Services& services, std::vector<std::string> authorities,
              const gateway::SessionIds* ids = nullptr);
  ~GatewayHost();
  GatewayHost(const GatewayHost&) = delete;
  GatewayHost& operator=(const GatewayHost&) = delete;

  /// The hosts of all shards, by number; before start().
  void join(std::vector<GatewayHost*> hosts);

  /// Loads what the first call needs and, on shard 0, offers the socket, unless another process
  /// does. Errors: storage.
  Task<Result<void>> start();
  gateway::Gateway& gateway() { return gateway_; }
  /// Returns once no other process is joined.
  Task<> wait_until_alone();
  /// Await it before destruction.
  Task<> stop();

 private:
  bool is_for_one() const;
  Task<Result<void>> settle_files();
  Task<> accept_joining();
  Task<> serve_joined(std::shared_ptr<jsonrpc::LineChannel> channel);
  void offer_socket();
  void on_files(const std::vector<ConnectionId>& changed);

  Services& services_;
  TaskGroup tasks_;
  vault::FeedReader feed_;
  identity::TokenCache tokens_;
  gateway::Gateway gateway_;
  std::unique_ptr<oauth_client::IdleRefresh> idle_refresh_;  ///< shard 0
  std::vector<GatewayHost*> hosts_;                          ///< by shard
  std::unique_ptr<net::UnixListener> socket_;
  Condition left_;
  std::size_t joined_ = 0;
};

}  // namespace gatehouse::cli
