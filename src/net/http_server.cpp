// Accepting and draining. One coroutine per connection lives in http_server_connection.cpp.
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/redirect_error.hpp>

#include "async/timer.hpp"
#include "async/use_task.hpp"
#include "net/http_server_connection.hpp"
#include "net/listener.hpp"
#include "net/server.hpp"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

constexpr auto kAcceptPause = 100ms;  ///< after the system refused, such as out of descriptors
constexpr auto kKillAfter = 1s;       ///< from cancelling a handler to ending it

class HttpServerImpl final : public HttpServer {
 public:
  HttpServerImpl(std::shared_ptr<HttpServerState> state, TcpAcceptor acceptor)
      : state_(std::move(state)), acceptor_(std::move(acceptor)) {
    boost::system::error_code ignored;
    endpoint_ = acceptor_.local_endpoint(ignored);
  }

  ~HttpServerImpl() override {
    const std::vector<HttpConnection*> left(state_->connections.begin(), state_->connections.end());
    for (HttpConnection* connection : left) connection->abandon();
  }

  std::uint16_t port() const override { return endpoint_.port(); }

  std::string authority() const override { return format_endpoint(endpoint_); }

  std::size_t connections() const override { return state_->connections.size(); }

  Task<> run() override {
    while (!state_->draining) {
      if (state_->connections.size() >= state_->config.max_connections) {
        co_await state_->changed.wait();
        continue;
      }
      TcpSocket socket(state_->executor);
      boost::asio::ip::tcp::endpoint peer;
      boost::system::error_code error;
      co_await acceptor_.async_accept(socket, peer, boost::asio::redirect_error(use_task, error));
      if (state_->draining || error == boost::asio::error::operation_aborted) break;
      if (error) {
        co_await on_accept_error(error);
        continue;
      }
      socket.non_blocking(true, error);
      socket.set_option(boost::asio::ip::tcp::no_delay(true), error);
      std::make_shared<HttpConnection>(state_, std::move(socket), format_address(peer.address()))
          ->start();
    }
  }

  Task<> drain() override {
    state_->draining = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    state_->changed.notify_all();
    for (HttpConnection* connection : state_->connections) connection->begin_drain();
    if (co_await all_gone(state_->config.drain)) co_return;
    state_->logger.warn("http_drain_cancels",
                        {{"connections", std::to_string(state_->connections.size())}});
    for (const auto& connection : snapshot()) connection->cancel_exchange();
    if (co_await all_gone(kKillAfter)) co_return;
    for (const auto& connection : snapshot()) connection->kill();
    co_await wait_until_empty(state_);
  }

 private:
  /// A callback may end other connections, so they are kept alive over the loop.
  std::vector<std::shared_ptr<HttpConnection>> snapshot() {
    std::vector<std::shared_ptr<HttpConnection>> all;
    for (HttpConnection* connection : state_->connections) {
      if (auto shared = connection->weak_from_this().lock()) all.push_back(std::move(shared));
    }
    return all;
  }

  Task<bool> all_gone(std::chrono::milliseconds limit) {
    const Result<void> result =
        co_await with_timeout<void>(limit, wait_until_empty(state_), "draining");
    co_return result.has_value();
  }

  static Task<Result<void>> wait_until_empty(std::shared_ptr<HttpServerState> state) {
    while (!state->connections.empty()) co_await state->changed.wait();
    co_return Result<void>{};
  }

  Task<> on_accept_error(boost::system::error_code error) {
    // A peer that gave up while queued is no reason to pause (ECONNABORTED).
    if (error == boost::asio::error::connection_aborted) co_return;
    state_->logger.warn("accept_failed", {{"error", error.message()}});
    co_await sleep_for(kAcceptPause);
  }

  std::shared_ptr<HttpServerState> state_;
  TcpAcceptor acceptor_;
  boost::asio::ip::tcp::endpoint endpoint_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::listen(Executor executor, Logger& logger,
                                                       ServerConfig config,
                                                       http::Handler& handler) {
  Result<TcpAcceptor> acceptor =
      open_listener(executor, config.address, config.port, config.reuse_port);
  if (!acceptor) return std::unexpected(acceptor.error());
  auto state = std::make_shared<HttpServerState>(executor, logger, std::move(config), handler);
  return std::make_unique<HttpServerImpl>(std::move(state), std::move(*acceptor));
}

}  // namespace gatehouse::net
