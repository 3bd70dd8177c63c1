#include "app/wiring.hpp"

#include "app/browser.hpp"
#include "app/keys.hpp"
#include "app/shard_threads.hpp"
#include "app/shard_wiring.hpp"
#include "app/version.hpp"
#include "config/file_connections.hpp"
#include "gateway/gateway.hpp"
#include "http/url.hpp"
#include "vault/sealer.hpp"
#include "vault/sqlite_store.hpp"

namespace gatehouse::app {
namespace {

constexpr std::size_t kWorkers = 3;  // store, name resolution, and one that may be slow

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
  settings.call_limits = config.call_limits;
  settings.shards = static_cast<std::size_t>(config.shards);
  return settings;
}

class RealWiring final : public Wiring, private cli::ShardFleet {
 public:
  RealWiring(Order order, Keys keys, std::unique_ptr<Workers> workers,
             std::unique_ptr<vault::Store> store)
      : order_(std::move(order)),
        settings_(make_settings(order_, keys)),
        keys_(std::move(keys)),
        workers_(std::move(workers)),
        store_(std::move(store)),
        browser_(make_browser(order_.environment)),
        parts_{
            order_.paths, order_.config, order_.environment, settings_,       keys_,    *workers_,
            *store_,      clock_,        order_.log,         order_.terminal, *browser_},
        shards_({order_.executor}),
        first_(parts_, order_.executor),
        files_(
            {first_.store(), first_.secrets(), *workers_, clock_, order_.log, where(order_),
             [this](vault::Connection connection) { return end_logins(std::move(connection)); }}) {
    services_.push_back(std::make_unique<cli::Services>(first_.make_services(files_, *this, 0)));
  }

  cli::Services& services() override { return *services_.front(); }

  Task<> shutdown() override {
    // All of them end before any thread does: one may still wait for another's answer.
    TaskGroup ends(order_.executor, order_.log);
    for (std::size_t shard = 0; shard < shards_.size(); ++shard)
      ends.spawn("end_shard", run_on(shards_.loop(shard), [this, shard] {
                   return (shard == 0 ? first_ : *further_[shard - 1]).shutdown();
                 }));
    co_await ends.drain();
    threads_.stop();
  }

 private:
  Result<void> start(std::size_t count) override {
    std::vector<Executor> loops{order_.executor};
    while (loops.size() < count) {
      Result<Executor> loop = threads_.add();
      if (!loop) return std::unexpected(loop.error());
      loops.push_back(*loop);
      further_.push_back(std::make_unique<ShardWiring>(parts_, *loop));
      further_.back()->store().set_in_effect(first_.store().in_effect());
    }
    shards_ = Shards(std::move(loops));
    for (std::size_t shard = 1; shard < count; ++shard)
      services_.push_back(std::make_unique<cli::Services>(
          further_[shard - 1]->make_services(files_, *this, shard)));
    std::vector<upstream::Upstreams*> upstreams;
    for (const std::unique_ptr<cli::Services>& services : services_)
      upstreams.push_back(&services->upstreams);
    upstream::Upstreams::join(shards_, upstreams);
    return {};
  }

  const Shards& shards() const override { return shards_; }
  cli::Services& services(std::size_t shard) override { return *services_[shard]; }
  identity::CallBudgets& budgets() override { return budgets_; }

  void spread_files(std::function<void(std::size_t shard)> then) override {
    const std::map<std::string, config::Rank> rows = first_.store().in_effect();
    then(0);
    for (std::size_t shard = 1; shard < shards_.size(); ++shard) {
      shards_.post(shard, [this, shard, rows, then] {
        further_[shard - 1]->store().set_in_effect(rows);
        then(shard);
      });
    }
  }

  // Whoever was signed in to a server that a file no longer names.
  Task<> end_logins(vault::Connection connection) {
    first_.upstreams().reset(connection.id);
    Result<std::vector<vault::CredentialKey>> keys =
        co_await first_.store().credentials().list(connection.organization, connection.id);
    if (!keys) co_return;
    for (const vault::CredentialKey& key : *keys) {
      const auto report = co_await first_.login().logout(connection, key);
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

  ShardThreads threads_;  // first: their loops go last, after the workers that post to them
  Order order_;
  cli::Settings settings_;
  Keys keys_;
  RealClock clock_;
  identity::CallBudgets budgets_;
  std::unique_ptr<Workers> workers_;
  std::unique_ptr<vault::Store> store_;
  std::unique_ptr<cli::Browser> browser_;
  ProcessParts parts_;
  Shards shards_;
  ShardWiring first_;
  std::vector<std::unique_ptr<ShardWiring>> further_;
  config::FileConnections files_;
  std::vector<std::unique_ptr<cli::Services>> services_;
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
