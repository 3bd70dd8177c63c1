// ShardWiring: what one shard works with, built on what the process shares. Made by wiring, once
// for each shard; see cli::Services for what belongs to whom.
#pragma once

#include <memory>

#include "app/config.hpp"
#include "app/keys.hpp"
#include "app/paths.hpp"
#include "async/task_group.hpp"
#include "cli/person.hpp"
#include "cli/services.hpp"
#include "config/layered_store.hpp"
#include "config/secret_reader.hpp"
#include "net/child_process.hpp"
#include "net/command_runner.hpp"
#include "oauth_client/login.hpp"
#include "oauth_client/machine_grants.hpp"
#include "oauth_client/token_source.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::app {

/// Shared by all shards: either never changed once built, or safe from any thread.
struct ProcessParts {
  const Paths& paths;
  const Config& config;
  const Environment& environment;
  const cli::Settings& settings;
  Keys& keys;
  Workers& workers;
  vault::Store& store;
  const Clock& clock;
  Logger& log;
  cli::Terminal& terminal;  ///< shard 0 alone writes to it
  cli::Browser& browser;    ///< the same
};

class ShardWiring final {
 public:
  /// `parts` and the loop must outlive this. On the shard's own thread, or before it runs.
  ShardWiring(const ProcessParts& parts, Executor executor);
  /// Await shutdown() first.
  ~ShardWiring();
  ShardWiring(const ShardWiring&) = delete;
  ShardWiring& operator=(const ShardWiring&) = delete;

  cli::Services make_services(config::FileConnections& files, cli::ShardFleet& fleet,
                              std::size_t shard);
  config::LayeredStore& store() { return layered_; }
  config::SecretReader& secrets() { return secrets_; }
  upstream::Upstreams& upstreams() { return upstreams_; }
  oauth_client::Login& login() { return login_; }
  /// Ends sessions, child processes and background tasks. On the shard.
  Task<> shutdown();

 private:
  upstream::Parts upstream_parts();
  upstream::LauncherFactory launcher();
  void listen();

  /// The store's listeners are called on whatever shard wrote; `tokens` is read and cleared on this
  /// one only.
  struct Ear {
    oauth_client::TokenSource* tokens;
  };

  const ProcessParts& parts_;
  Executor executor_;
  config::LayeredStore layered_;
  TaskGroup tasks_;
  net::ProcessRunner commands_;
  config::SecretReader secrets_;
  std::unique_ptr<http::Client> http_;
  oauth_client::MachineGrants machine_;
  oauth_client::TokenSource tokens_;
  oauth_client::Login login_;
  cli::PersonAtTerminal person_;
  net::ProcessLauncher processes_;
  upstream::Upstreams upstreams_;
  std::shared_ptr<Ear> ear_;
  std::shared_ptr<void> listening_;
};

}  // namespace gatehouse::app
