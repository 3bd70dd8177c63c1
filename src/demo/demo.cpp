#include "demo/demo.hpp"

#include <fmt/format.h>

#include "async/task_group.hpp"
#include "async/workers.hpp"
#include "demo/site.hpp"
#include "net/client.hpp"
#include "net/server.hpp"
#include "oauth_server/memory_store.hpp"
#include "oauth_server/sqlite_store.hpp"

namespace gatehouse::demo {
namespace {

using oauth_server::Store;

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "localhost" || address == "::1" ||
         address == "[::1]";
}

Result<std::unique_ptr<Store>> open_store(const std::filesystem::path& directory,
                                          const Clock& clock) {
  if (directory.empty()) return std::make_unique<oauth_server::MemoryStore>();
  auto store = oauth_server::SqliteStore::open(directory / "demo.db", clock.now());
  if (!store) return std::unexpected(store.error());
  return std::move(*store);
}

/// Until the site stands, which needs the port, nothing is accepted.
class Front final : public http::Handler {
 public:
  Task<> handle(http::Exchange& exchange) override { return site->handle(exchange); }
  std::unique_ptr<Site> site;
};

class RunningDemo final : public Demo {
 public:
  RunningDemo(Executor executor, Logger& logger, const Clock& clock, const DemoSettings& settings,
              std::unique_ptr<Store> store)
      : tasks_(executor, logger),
        store_(std::move(store)),
        client_(net::make_client(executor, workers_, logger,
                                 {.dangerously_allow_http_loopback = settings.test_control})),
        clock_(clock),
        logger_(logger) {}

  Result<void> listen(Executor executor, const DemoSettings& settings) {
    net::ServerConfig config;
    config.address = settings.address;
    config.port = settings.port;
    auto server = net::HttpServer::listen(executor, logger_, config, front_);
    if (!server) return std::unexpected(server.error());
    server_ = std::move(*server);
    front_.site =
        std::make_unique<Site>(SiteParts{*store_, client_.get(), tasks_, logger_, clock_},
                               "http://" + server_->authority(), server_->port(), settings);
    return {};
  }

  const DemoUrls& urls() const override { return front_.site->urls(); }
  Task<> run() override { return server_->run(); }
  Task<> drain() override {
    co_await server_->drain();
    co_await tasks_.shutdown();
  }
  FaultPlan& faults() override { return front_.site->faults(); }
  const oauth_server::Counters& counters() const override {
    return front_.site->authorization_server().counters();
  }
  void set_access_token_life(std::chrono::seconds life) override {
    front_.site->authorization_server().set_access_token_life(life);
  }

 private:
  Workers workers_{1};
  TaskGroup tasks_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<http::Client> client_;
  const Clock& clock_;
  Logger& logger_;
  Front front_;
  std::unique_ptr<net::HttpServer> server_;
};

}  // namespace

Result<std::unique_ptr<Demo>> Demo::start(Executor executor, Logger& logger, const Clock& clock,
                                          DemoSettings settings) {
  if (!is_loopback(settings.address)) {
    return fail(Errc::invalid_argument,
                "the demo signs people in without a password, so it listens on loopback only, not "
                "on " +
                    quote_remote(settings.address, 60));
  }
  auto store = open_store(settings.directory, clock);
  if (!store) return std::unexpected(store.error());
  auto demo = std::make_unique<RunningDemo>(executor, logger, clock, settings, std::move(*store));
  if (const auto listening = demo->listen(executor, settings); !listening) {
    return std::unexpected(listening.error());
  }
  return demo;
}

}  // namespace gatehouse::demo
