#include "app/shard_wiring.hpp"

#include "app/child_launcher.hpp"
#include "app/version.hpp"
#include "async/dispatch.hpp"
#include "async/timer.hpp"
#include "net/client.hpp"

namespace gatehouse::app {
namespace {

net::ClientConfig client_config(const Config& config) {
  net::ClientConfig out;
  out.extra_ca_file = config.ca_file;
  out.proxy = config.proxy;
  out.user_agent = "gatehouse/" + version();
  out.dangerously_allow_http_loopback = config.dangerously_allow_http_loopback;
  return out;
}

oauth_client::ClientSettings oauth_settings(const cli::Settings& settings,
                                            vault::SecretResolver resolve) {
  oauth_client::ClientSettings out;
  out.resolve = std::move(resolve);
  out.client_metadata_url = settings.client_metadata_url;
  return out;
}

}  // namespace

ShardWiring::ShardWiring(const ProcessParts& parts, Executor executor)
    : parts_(parts),
      executor_(executor),
      layered_(parts.store),
      tasks_(executor, parts.log),
      commands_(executor),
      secrets_({parts.workers, commands_,
                [&environment = parts.environment](const std::string& name) {
                  return environment(name.c_str());
                },
                parts.keys.keyring.get()}),
      http_(net::make_client(executor, parts.workers, parts.log, client_config(parts.config))),
      machine_(layered_, *http_, parts.clock, parts.log, secrets_.resolver()),
      tokens_(
          layered_, *http_, parts.clock, tasks_, parts.log,
          [](Duration duration) { return sleep_for(duration); }, &machine_),
      login_(layered_, *http_, parts.clock, parts.log,
             oauth_settings(parts.settings, secrets_.resolver())),
      person_(parts.terminal, parts.browser),
      processes_(executor, parts.log),
      upstreams_(upstream_parts()),
      ear_(std::make_shared<Ear>(&tokens_)) {
  listen();
}

ShardWiring::~ShardWiring() {
  listening_.reset();
  ear_->tokens = nullptr;
}

// What this process writes is seen by its own caches at once (design §3).
void ShardWiring::listen() {
  listening_ =
      layered_.changes().listen([ear = ear_, executor = executor_](const vault::Change& change) {
        dispatch_to(executor, [ear, change] {
          if (ear->tokens != nullptr) ear->tokens->on_change(change);
        });
      });
}

cli::Services ShardWiring::make_services(config::FileConnections& files, cli::ShardFleet& fleet,
                                         std::size_t shard) {
  return {executor_,
          parts_.settings,
          parts_.terminal,
          parts_.browser,
          parts_.workers,
          tasks_,
          parts_.clock,
          parts_.log,
          layered_,
          *http_,
          tokens_,
          login_,
          upstreams_,
          person_,
          *parts_.keys.held,
          *parts_.keys.sources,
          *parts_.keys.keyring,
          secrets_.resolver(),
          files,
          fleet,
          shard};
}

Task<> ShardWiring::shutdown() {
  co_await upstreams_.shutdown();
  co_await tasks_.shutdown();
  listening_.reset();
}

upstream::Parts ShardWiring::upstream_parts() {
  return {*http_,
          layered_,
          tokens_,
          tasks_,
          parts_.log,
          parts_.clock,
          launcher(),
          secrets_.resolver(),
          parts_.config.max_live};
}

upstream::LauncherFactory ShardWiring::launcher() {
  return [this](const vault::Connection& connection) -> std::unique_ptr<mcp_client::Launcher> {
    return std::make_unique<ChildLauncher>(
        ChildLauncher::Parts{processes_, parts_.environment, secrets_.resolver(), parts_.clock},
        connection);
  };
}

}  // namespace gatehouse::app
