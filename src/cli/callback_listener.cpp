#include "cli/callback_listener.hpp"

#include <fmt/format.h>

#include "http/url.hpp"

namespace gatehouse::cli {

// The handler must know its port before it exists, so the server gets this door in front of it.
struct CallbackListener::Door final : http::Handler {
  std::unique_ptr<oauth_client::CallbackHandler> handler;
  Task<> handle(http::Exchange& exchange) override { co_await handler->handle(exchange); }
};

namespace {

Task<> serve(net::HttpServer& server) {
  co_await server.run();
}

}  // namespace

CallbackListener::CallbackListener(Services& services, Listeners listeners)
    : services_(services), listeners_(std::move(listeners)), door_(std::make_unique<Door>()) {}

CallbackListener::~CallbackListener() = default;

// The port it listens on. Errors: HttpServer::listen's, for the first address.
Result<std::uint16_t> CallbackListener::open(const RedirectPlan& plan) {
  const bool by_name = plan.host == "localhost";
  net::ServerConfig config;
  config.address = by_name ? "127.0.0.1" : plan.host;
  config.port = plan.port;
  auto server = net::HttpServer::listen(services_.executor, services_.log, config, *door_);
  const bool may_move = plan.kind == RedirectPlan::Port::preferred && plan.port != 0;
  if (!server && may_move) {
    config.port = 0;
    server = net::HttpServer::listen(services_.executor, services_.log, config, *door_);
  }
  if (!server) return std::unexpected(server.error());
  config.port = (*server)->port();
  servers_.push_back(std::move(*server));
  if (by_name) {
    // A machine without IPv6 resolves the name to the other family.
    config.address = "::1";
    auto second = net::HttpServer::listen(services_.executor, services_.log, config, *door_);
    if (second) servers_.push_back(std::move(*second));
  }
  return config.port;
}

void CallbackListener::say_busy(const RedirectPlan& plan, const Error& error) {
  if (plan.port == 0) {
    problem_ = describe(error);
    return;
  }
  const std::string owner = port_owner(plan.port);
  problem_ = fmt::format(
      "port {}, which is registered for this client, is in use{}; end that program, or paste the "
      "address",
      plan.port, owner.empty() ? "" : " by " + owner);
}

bool CallbackListener::listen(const RedirectPlan& plan) {
  if (plan.kind == RedirectPlan::Port::none) {
    redirect_uri_ = plan.uri;
    problem_ = "the browser ends on another machine: paste the address it ends on";
    return false;
  }
  const Result<std::uint16_t> opened = open(plan);
  std::uint16_t port = opened ? *opened : plan.port;
  if (!opened) say_busy(plan, opened.error());
  if (port == 0) port = 1;  // never listened on: the address is only to be copied
  const bool is_v6 = plan.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + plan.host + "]" : plan.host;
  redirect_uri_ =
      plan.uri.empty() ? fmt::format("http://{}:{}{}", host, port, plan.path) : plan.uri;
  oauth_client::CallbackHandler::Options options;
  options.organization = organization_of(services_);
  options.path = plan.path;
  options.hosts = {fmt::format("127.0.0.1:{}", port), fmt::format("localhost:{}", port),
                   fmt::format("[::1]:{}", port), fmt::format("{}:{}", host, port)};
  options.on_finished = listeners_.on_finished;
  options.on_working = listeners_.on_working;
  door_->handler =
      std::make_unique<oauth_client::CallbackHandler>(services_.login, std::move(options));
  return opened.has_value();
}

Task<> CallbackListener::run() {
  TaskGroup tasks(services_.executor, services_.log);
  for (std::size_t i = 1; i < servers_.size(); ++i)
    tasks.spawn("callback_listener", serve(*servers_[i]));
  if (!servers_.empty()) co_await servers_.front()->run();
  co_await tasks.drain();
}

Task<> CallbackListener::drain() {
  for (const auto& server : servers_) co_await server->drain();
}

std::uint16_t registered_port(const std::vector<std::string>& redirect_uris,
                              const std::string& path) {
  for (const std::string& text : redirect_uris) {
    const Result<http::Url> url = http::Url::parse(text);
    const bool ours = url && url->host() == "127.0.0.1" && url->path() == path;
    if (ours && url->port() != 80) return url->port();
  }
  return 0;
}

}  // namespace gatehouse::cli
