// What the tests of HttpEndpoint share: an endpoint over EchoService, called through fake
// exchanges.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "async/run.hpp"
#include "async/timer.hpp"
#include "fakes/echo_service.hpp"
#include "fakes/fake_exchange.hpp"
#include "mcp/versions.hpp"
#include "mcp_server/http_endpoint.hpp"

namespace gatehouse::mcp_server {

/// The bearer token is the caller's name; none is refused.
class NameAuthenticator final : public Authenticator {
 public:
  Task<std::variant<std::shared_ptr<const Caller>, http::Response>> authenticate(
      const http::Exchange& exchange) override {
    const auto name = exchange.request().headers.find("Authorization");
    if (!name) {
      co_return http::Response{401, {{"WWW-Authenticate", "Bearer realm=\"test\""}}, {}};
    }
    auto caller = std::make_shared<Caller>();
    caller->identity = *name;
    co_return std::shared_ptr<const Caller>(std::move(caller));
  }
};

class HttpFixture : public ::testing::Test {
 protected:
  using Exchange = fakes::FakeExchange;

  ~HttpFixture() override { run_to_end(context_, tasks_.shutdown()); }

  void restart(EndpointSettings settings) {
    endpoint_ = std::make_unique<HttpEndpoint>(service_, authenticator_, tasks_, logger_, clock_,
                                               std::move(settings));
  }

  static http::Request post(std::string body, std::string_view caller = "ada") {
    http::Request request{"POST", "/mcp", {}, std::move(body)};
    request.headers = {{"Content-Type", "application/json"},
                       {"Accept", "application/json, text/event-stream"},
                       {"Authorization", caller}};
    return request;
  }

  static http::Request modern(std::string_view method, std::string_view name = {},
                              std::string members = {}) {
    std::string body = R"({"jsonrpc":"2.0","id":7,"method":")" + std::string(method) +
                       R"(","params":{)" + std::move(members);
    if (!name.empty()) body += R"("name":")" + std::string(name) + "\",";
    body +=
        R"("_meta":{"progressToken":"p","io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
        R"("io.modelcontextprotocol/clientCapabilities":{}}}})";
    http::Request request = post(std::move(body));
    request.headers.add("MCP-Protocol-Version", "2026-07-28");
    request.headers.add("Mcp-Method", method);
    if (!name.empty()) request.headers.add("Mcp-Name", name);
    return request;
  }

  http::Response send(http::Request request) {
    Exchange exchange(std::move(request));
    run(exchange);
    EXPECT_EQ(exchange.answers, 1);
    EXPECT_EQ(exchange.finished, exchange.streaming());
    return exchange.response;
  }

  /// Until the exchange has been handled; other tasks may go on after that. `meanwhile` is called
  /// when it waits for something.
  void run(Exchange& exchange, const std::function<void()>& meanwhile = [] {}) {
    bool done = false;
    tasks_.spawn("exchange", serve(exchange, done));
    context_.restart();
    context_.poll();
    meanwhile();
    context_.restart();
    while (!done && context_.run_one() != 0) {
    }
    EXPECT_TRUE(done) << "the endpoint waits for nothing";
  }

  /// A request whose answer stays open.
  struct Open {
    explicit Open(http::Request request) : exchange(std::move(request)) {}
    std::string_view body() const { return exchange.response.body; }
    Exchange exchange;
    bool done = false;
  };
  /// Lives as long as the fixture.
  Open* start(http::Request request) {
    Open* open = opened_.emplace_back(std::make_unique<Open>(std::move(request))).get();
    tasks_.spawn("exchange", serve(open->exchange, open->done));
    poll();
    return open;
  }
  void poll() {
    context_.restart();
    context_.poll();
  }
  void leave(Open& open) {
    open.exchange.disconnected().cancel();
    poll();
    EXPECT_TRUE(open.done);
  }

  Task<> serve(Exchange& exchange, bool& done) {
    co_await endpoint_->handle(exchange);
    done = true;
  }

  std::vector<std::unique_ptr<Open>> opened_;
  boost::asio::io_context context_{1};
  NullLogger logger_;
  ManualClock clock_;
  TaskGroup tasks_{context_.get_executor(), logger_};
  EchoService service_{context_.get_executor()};
  NameAuthenticator authenticator_;
  std::unique_ptr<HttpEndpoint> endpoint_ =
      std::make_unique<HttpEndpoint>(service_, authenticator_, tasks_, logger_, clock_);
};

}  // namespace gatehouse::mcp_server
