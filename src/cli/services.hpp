// Services: what a command may use. Built in order by app/wiring.cpp, borrowed by commands; all of
// it works on one shard. A command that serves may ask for further shards, each with Services of
// its own: store, keys, clock, workers and log are shared by all, terminal, browser and
// configuration files are for shard 0 only.
#pragma once

#include <string>

#include "async/shards.hpp"
#include "async/task_group.hpp"
#include "async/workers.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "cli/browser.hpp"
#include "cli/command.hpp"
#include "cli/terminal.hpp"
#include "config/file_connections.hpp"
#include "gateway/call_limiter.hpp"
#include "gateway/request_state.hpp"
#include "http/client.hpp"
#include "identity/call_budget.hpp"
#include "oauth_client/login.hpp"
#include "oauth_client/token_source.hpp"
#include "upstream/upstreams.hpp"
#include "vault/key_sources.hpp"
#include "vault/secret_resolver.hpp"
#include "vault/store.hpp"

namespace gatehouse::cli {

class PersonAtTerminal;

/// Configuration as commands need it.
struct Settings {
  std::string listen = "127.0.0.1:8484";
  std::string public_url;
  std::string client_metadata_url;
  std::string directory;  ///< of the store
  std::string socket;     ///< of the running gateway on this store
  std::string version;
  std::string program;               ///< absolute path of this program
  std::string configuration_folder;  ///< where programs keep theirs: XDG_CONFIG_HOME, ~/.config
  std::string home_variable;         ///< GATEHOUSE_HOME as set; empty: not set
  bool dangerously_allow_http_loopback = false;
  gateway::StateKeys state_keys;  ///< seal what clients carry for the gateway
  gateway::CallLimitSettings call_limits;
  std::size_t shards = 0;  ///< of `gatehouse serve`; 0: one per core
};

struct Services;

/// The further shards of a process, for commands that serve. Used from the shard that runs the
/// command, which is number 0.
class ShardFleet {
 public:
  virtual ~ShardFleet() = default;
  /// Starts threads until there are `count` shards, and builds what each of them works with. At
  /// most once. Nothing of them survives the command: wiring ends it. Errors: unavailable (no more
  /// threads).
  virtual Result<void> start(std::size_t count) = 0;
  virtual const Shards& shards() const = 0;
  /// Belongs to that shard: used by tasks that run there.
  virtual Services& services(std::size_t shard) = 0;
  /// What configuration files put in effect is shown to every shard; `then` runs on each of them,
  /// here at once. On shard 0.
  virtual void spread_files(std::function<void(std::size_t shard)> then) = 0;
  /// What all shards count together. Any thread.
  virtual identity::CallBudgets& budgets() = 0;
};

/// References outlive the command.
struct Services {
  Executor executor;
  const Settings& settings;
  Terminal& terminal;
  Browser& browser;
  Workers& workers;
  TaskGroup& tasks;
  const Clock& clock;
  Logger& log;
  vault::Store& store;
  http::Client& http;
  oauth_client::TokenSource& tokens;
  oauth_client::Login& login;
  upstream::Upstreams& upstreams;
  PersonAtTerminal& person;  ///< answers what servers ask
  vault::HeldKeys& keys;
  vault::KeySources& key_sources;
  vault::SecretService& keyring;
  vault::SecretResolver read_secret;  ///< what a reference leads to
  config::FileConnections& files;     ///< connections of mcp.json; shard 0
  ShardFleet& fleet;
  std::size_t shard = 0;

  ShardPlace place() const { return {fleet.shards(), shard}; }
};

inline OrganizationId organization_of(const Services&) {
  return local_organization();
}

}  // namespace gatehouse::cli
