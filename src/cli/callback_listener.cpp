#include "cli/callback_listener.hpp"

#include <fmt/format.h>

#include "http/url.hpp"

namespace gatehouse::cli {

// The handler must know its port before it exists, so the server gets this door in front of it.
struct CallbackListener::Door final : http::Handler {
  std::unique_ptr<oauth_client::CallbackHandler> handler;
  Task<> handle(http::Exchange& exchange) override { co_await handler->handle(exchange); }
};

CallbackListener::CallbackListener(
    Services& services, std::function<void(const Result<oauth_client::LoginOutcome>&)> on_finished)
    : services_(services), on_finished_(std::move(on_finished)), door_(std::make_unique<Door>()) {}

CallbackListener::~CallbackListener() = default;

bool CallbackListener::listen(const Wish& wish) {
  net::ServerConfig config;
  config.port = wish.port;
  Result<std::unique_ptr<net::HttpServer>> server =
      net::HttpServer::listen(services_.executor, services_.log, config, *door_);
  const bool may_move = wish.kind == Wish::Port::preferred && wish.port != 0;
  if (!server && may_move) {
    config.port = 0;
    server = net::HttpServer::listen(services_.executor, services_.log, config, *door_);
  }
  std::uint16_t port = wish.port;
  if (server) {
    server_ = std::move(*server);
    port = server_->port();
  } else {
    const std::string owner = port_owner(wish.port);
    problem_ = wish.port == 0
                   ? describe(server.error())
                   : fmt::format(
                         "port {}, which is registered for this client, is in use{}; end "
                         "that program, or paste the address",
                         wish.port, owner.empty() ? "" : " by " + owner);
    if (port == 0) port = 1;  // never listened on: the address is only to be copied
  }
  redirect_uri_ = fmt::format("http://127.0.0.1:{}{}", port, wish.path);
  oauth_client::CallbackHandler::Options options;
  options.organization = organization_of(services_);
  options.path = wish.path;
  options.hosts = {fmt::format("127.0.0.1:{}", port), fmt::format("localhost:{}", port)};
  options.on_finished = on_finished_;
  door_->handler =
      std::make_unique<oauth_client::CallbackHandler>(services_.login, std::move(options));
  return server_ != nullptr;
}

Task<> CallbackListener::run() {
  if (server_) co_await server_->run();
}

Task<> CallbackListener::drain() {
  if (server_) co_await server_->drain();
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
