#include "cli/gateway_server.hpp"

#include <fmt/format.h>

#include <charconv>

#include "net/signals.hpp"

namespace gatehouse::cli {
namespace {

Task<> run_server(net::HttpServer& server) {
  co_await server.run();
}

}  // namespace

// The gateway must know its address before it exists, so the server gets this door in front of it.
struct GatewayServer::Door final : http::Handler {
  http::Handler* handler = nullptr;
  Task<> handle(http::Exchange& exchange) override { co_await handler->handle(exchange); }
};

Result<net::ServerConfig> parse_listen(const std::string& text, std::string_view flag) {
  net::ServerConfig config;
  const std::size_t colon = text.rfind(':');
  const std::string_view digits =
      colon == std::string::npos ? std::string_view() : std::string_view(text).substr(colon + 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), config.port);
  if (colon == 0 || digits.empty() || error != std::errc() || end != digits.data() + digits.size())
    return fail(Errc::invalid_argument,
                fmt::format("{} takes ADDRESS:PORT, such as 127.0.0.1:8484", flag));
  config.address = text.substr(0, colon);
  return config;
}

GatewayServer::GatewayServer(Services& services, std::unique_ptr<Door> door,
                             std::unique_ptr<net::HttpServer> server)
    : door_(std::move(door)),
      server_(std::move(server)),
      host_(services, {server_->authority()}),
      tasks_(services.executor, services.log) {
  door_->handler = &host_.gateway();
}

GatewayServer::~GatewayServer() = default;

Task<Result<std::unique_ptr<GatewayServer>>> GatewayServer::start(Services& services,
                                                                  net::ServerConfig config) {
  auto door = std::make_unique<Door>();
  Result<std::unique_ptr<net::HttpServer>> server =
      net::HttpServer::listen(services.executor, services.log, config, *door);
  if (!server) co_return std::unexpected(server.error());
  std::unique_ptr<GatewayServer> gateway(
      new GatewayServer(services, std::move(door), std::move(*server)));
  Result<void> started = co_await gateway->host_.start();
  if (!started) {
    co_await gateway->stop();
    co_return std::unexpected(started.error());
  }
  gateway->tasks_.spawn("http_server", run_server(*gateway->server_));
  co_return std::move(gateway);
}

Task<> GatewayServer::stop() {
  co_await server_->drain();
  co_await tasks_.shutdown();
  co_await host_.stop();
}

Termination::Termination(Services& services)
    : tasks_(services.executor, services.log), changed_(services.executor) {
  tasks_.spawn("signals", watch());
}

Task<> Termination::watch() {
  armed_ = true;
  changed_.notify_all();
  signal_ = co_await net::wait_for_termination();
  changed_.notify_all();
}

Task<> Termination::armed() {
  while (!armed_) co_await changed_.wait();
}

Task<int> Termination::signal() {
  while (signal_ == 0) co_await changed_.wait();
  co_return signal_;
}

Task<> Termination::stop() {
  co_await tasks_.shutdown();
}

}  // namespace gatehouse::cli
