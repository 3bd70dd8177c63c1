#include "app/wiring.hpp"

#include "app/browser.hpp"
#include "app/child_launcher.hpp"
#include "app/keys.hpp"
#include "app/version.hpp"
#include "async/timer.hpp"
#include "cli/person.hpp"
#include "config/file_connections.hpp"
#include "config/secret_reader.hpp"
#include "gateway/gateway.hpp"
#include "http/url.hpp"
#include "net/child_process.hpp"
#include "net/client.hpp"
#include "net/command_runner.hpp"
#include "vault/sealer.hpp"
#include "vault/sqlite_store.hpp"

namespace gatehouse::app {
namespace {

constexpr std::size_t kWorkers = 3;  // store, name resolution, and one that may be slow

net::ClientConfig client_config(const Config& config) {
  net::ClientConfig out;
  out.extra_ca_file = config.ca_file;
  out.proxy = config.proxy;
  out.user_agent = "gatehouse/" + version();
  out.dangerously_allow_http_loopback = config.dangerously_allow_http_loopback;
  return out;
}

// A gateway with a public https address hosts its own document there.
std::string client_metadata_url(const Config& config) {
  if (!config.client_metadata_url.empty()) return config.client_metadata_url;
  const bool hosted = config.public_url.starts_with("https://");
  return hosted ? config.public_url + std::string(gateway::kClientMetadataPath) : std::string();
}

gateway::StateKeys state_keys(const std::shared_ptr<vault::HeldKeys>& held) {
  constexpr const char* kPurpose = "request state";
  gateway::StateKeys keys;
  keys.current = [held] {
    const vault::MasterKey key = held->current();
    return gateway::StateKeys::Key{base64url_encode(key.id()), key.derive(kPurpose)};
  };
  keys.find = [held](std::string_view id) -> std::optional<Secret> {
    const std::optional<std::string> raw = base64url_decode(id);
    return raw ? held->find_derived(*raw, kPurpose) : std::nullopt;
  };
  return keys;
}

cli::Settings make_settings(const Wiring::Order& order, const Keys& keys) {
  const Paths& paths = order.paths;
  const Config& config = order.config;
  cli::Settings settings;
  settings.listen = config.listen;
  settings.public_url = config.public_url;
  settings.client_metadata_url = client_metadata_url(config);
  settings.directory = paths.data;
  settings.socket = paths.socket();
  settings.version = version();
  settings.program = program_path();
  settings.configuration_folder = configuration_folder(order.environment);
  settings.home_variable = order.environment("GATEHOUSE_HOME").value_or("");
  settings.dangerously_allow_http_loopback = config.dangerously_allow_http_loopback;
  settings.state_keys = state_keys(keys.held);
  return settings;
}

oauth_client::ClientSettings oauth_settings(const cli::Settings& settings,
                                            vault::SecretResolver resolve) {
  oauth_client::ClientSettings out;
  out.resolve = std::move(resolve);
  out.client_metadata_url = settings.client_metadata_url;
  return out;
}

class RealWiring final : public Wiring {
 public:
  RealWiring(Order order, Keys keys, std::unique_ptr<Workers> workers,
             std::unique_ptr<vault::Store> store)
      : order_(std::move(order)),
        settings_(make_settings(order_, keys)),
        keys_(std::move(keys)),
        workers_(std::move(workers)),
        store_(std::move(store)),
        layered_(*store_),
        tasks_(order_.executor, order_.log),
        commands_(order_.executor),
        secrets_({*workers_, commands_,
                  [this](const std::string& name) { return order_.environment(name.c_str()); },
                  keys_.keyring.get()}),
        browser_(make_browser(order_.environment)),
        http_(
            net::make_client(order_.executor, *workers_, order_.log, client_config(order_.config))),
        machine_(layered_, *http_, clock_, order_.log, secrets_.resolver()),
        tokens_(
            layered_, *http_, clock_, tasks_, order_.log,
            [](Duration duration) { return sleep_for(duration); }, &machine_),
        login_(layered_, *http_, clock_, order_.log,
               oauth_settings(settings_, secrets_.resolver())),
        person_(order_.terminal, *browser_),
        processes_(order_.executor, order_.log),
        upstreams_(upstream_parts()),
        files_(
            {layered_, secrets_, *workers_, clock_, order_.log, where(order_),
             [this](vault::Connection connection) { return end_logins(std::move(connection)); }}),
        services_{order_.executor, settings_,      order_.terminal,     *browser_, *workers_,
                  tasks_,          clock_,         order_.log,          layered_,  *http_,
                  tokens_,         login_,         upstreams_,          person_,   *keys_.held,
                  *keys_.sources,  *keys_.keyring, secrets_.resolver(), files_} {
    // What this process writes is seen by its own caches at once (design §3).
    listener_ = layered_.changes().listen(
        [this](const vault::Change& change) { tokens_.on_change(change); });
  }

  cli::Services& services() override { return services_; }

  Task<> shutdown() override {
    co_await upstreams_.shutdown();
    co_await tasks_.shutdown();
    listener_.reset();
  }

 private:
  upstream::Parts upstream_parts() {
    return {*http_,
            layered_,
            tokens_,
            tasks_,
            order_.log,
            clock_,
            launcher(),
            &person_,
            secrets_.resolver(),
            order_.config.max_live};
  }

  // Whoever was signed in to a server that a file no longer names.
  Task<> end_logins(vault::Connection connection) {
    upstreams_.reset(connection.id);
    Result<std::vector<vault::CredentialKey>> keys =
        co_await layered_.credentials().list(connection.organization, connection.id);
    if (!keys) co_return;
    for (const vault::CredentialKey& key : *keys) {
      const auto report = co_await login_.logout(connection, key);
      if (!report)
        order_.log.warn("login_not_ended",
                        {{"connection", connection.name}, {"error", report.error().detail}});
    }
  }

  static config::Where where(const Order& order) {
    std::error_code error;
    const std::filesystem::path here = std::filesystem::current_path(error);
    return {order.paths.servers().string(), error ? std::string() : here.string(),
            order.environment("HOME").value_or("")};
  }

  upstream::LauncherFactory launcher() {
    return [this](const vault::Connection& connection) -> std::unique_ptr<mcp_client::Launcher> {
      return std::make_unique<ChildLauncher>(
          ChildLauncher::Parts{processes_, order_.environment, secrets_.resolver(), clock_},
          connection);
    };
  }

  Order order_;
  cli::Settings settings_;
  Keys keys_;
  RealClock clock_;
  std::unique_ptr<Workers> workers_;
  std::unique_ptr<vault::Store> store_;
  config::LayeredStore layered_;
  TaskGroup tasks_;
  net::ProcessRunner commands_;
  config::SecretReader secrets_;
  std::unique_ptr<cli::Browser> browser_;
  std::unique_ptr<http::Client> http_;
  oauth_client::MachineGrants machine_;
  oauth_client::TokenSource tokens_;
  oauth_client::Login login_;
  cli::PersonAtTerminal person_;
  net::ProcessLauncher processes_;
  upstream::Upstreams upstreams_;
  config::FileConnections files_;
  cli::Services services_;
  std::shared_ptr<void> listener_;
};

}  // namespace

Result<std::unique_ptr<Wiring>> Wiring::build(Order order) {
  if (const Result<void> ready = prepare(order.paths); !ready)
    return std::unexpected(ready.error());
  Result<Keys> keys = load_keys(order.paths, order.config, order.environment, order.key);
  if (!keys) return std::unexpected(keys.error());
  auto workers = std::make_unique<Workers>(kWorkers);
  Result<std::unique_ptr<vault::Store>> store = vault::SqliteStore::open(
      order.paths.database(), vault::Sealer(keys->held), *workers, order.log);
  if (!store) return std::unexpected(store.error());
  return std::make_unique<RealWiring>(std::move(order), std::move(*keys), std::move(workers),
                                      std::move(*store));
}

}  // namespace gatehouse::app
