// What the tests of the HTTP server share: a handler that does what the target says, a client that
// speaks bytes, and a server between them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <set>
#include <stdexcept>

#include "async/condition.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "async/timer.hpp"
#include "async/use_task.hpp"
#include "net/server.hpp"

namespace gatehouse::net {

using namespace std::chrono_literals;
namespace ip = boost::asio::ip;
using Socket = boost::asio::basic_stream_socket<ip::tcp, Executor>;

class RecordingLogger final : public Logger {
 public:
  void write(LogLevel, std::string_view event, std::initializer_list<LogField>) override {
    events.emplace_back(event);
  }
  bool enabled(LogLevel) const override { return true; }
  bool saw(std::string_view event) const { return std::ranges::count(events, event) > 0; }
  std::vector<std::string> events;
};

/// Behaves as the target says.
class ScriptedHandler final : public http::Handler {
 public:
  explicit ScriptedHandler(Executor executor) : changed(executor) {}

  Task<> handle(http::Exchange& exchange) override {
    ++requests;
    ids.insert(std::string(exchange.request_id()));
    changed.notify_all();
    const std::string& target = exchange.request().target;
    if (target == "/throw") throw std::runtime_error("handler broke");
    if (target == "/none") co_return;
    if (target == "/events") co_return co_await events(exchange);
    if (target == "/half") co_return co_await half(exchange);
    if (target == "/wait") co_return co_await wait_for_release(exchange);
    if (target == "/until-gone") co_return co_await until_gone(exchange);
    if (target == "/forever") co_return co_await forever();
    if (target == "/flood") co_return co_await flood(exchange);
    if (target == "/big") co_return co_await big(exchange);
    if (target == "/bad-header") co_return co_await bad_header(exchange);
    co_await echo(exchange);
  }

  Condition changed;
  bool released = false;
  int requests = 0;
  int gone = 0;
  bool ended = false;
  std::set<std::string> ids;
  std::string padding;

 private:
  Task<> echo(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    padding.assign(request.body.data() + request.body.size(), 1);
    http::Response response{200, {{"Content-Type", "text/plain"}}, {}};
    response.body = request.method + " " + request.target + " " +
                    std::string(request.headers.find("Host").value_or("-")) + " " + request.body;
    co_await exchange.respond(std::move(response));
  }

  Task<> events(http::Exchange& exchange) {
    const http::Headers headers{{"Content-Type", "text/event-stream"}};
    if (!co_await exchange.start_stream(200, headers)) co_return;
    for (const std::string_view event : {"data: 1\n\n", "data: 2\n\n"})
      if (!co_await exchange.write(event)) co_return;
    co_await exchange.finish();
  }

  Task<> half(http::Exchange& exchange) {
    (void)co_await exchange.start_stream(200, {});
    (void)co_await exchange.write("beginning");
    throw std::runtime_error("in the middle");
  }

  Task<> wait_for_release(http::Exchange& exchange) {
    while (!released) co_await changed.wait();
    co_await exchange.respond(http::Response{200, {}, "released"});
  }

  Task<> until_gone(http::Exchange& exchange) {
    const auto registration = exchange.disconnected().on_cancel([this] {
      ++gone;
      changed.notify_all();
    });
    const int before = gone;
    while (gone == before) co_await changed.wait();
    co_await exchange.respond(http::Response{200, {}, "too late"});
  }

  Task<> forever() {
    try {
      while (true) co_await changed.wait();
    } catch (const boost::system::system_error&) {
      ended = true;
      throw;
    }
  }

  Task<> flood(http::Exchange& exchange) {
    (void)co_await exchange.start_stream(200, {});
    const std::string block(64 * 1024, 'x');
    while (co_await exchange.write(block)) {
    }
    ended = true;
    changed.notify_all();
  }

  Task<> big(http::Exchange& exchange) {
    const std::string first(3 * 1024 * 1024, 'a');
    const std::string second(3 * 1024 * 1024, 'b');
    const std::array<std::string_view, 2> pieces{first, second};
    co_await exchange.respond(200, {}, pieces);
  }

  Task<> bad_header(http::Exchange& exchange) {
    co_await exchange.respond(
        http::Response{200, {{"X-Evil", "a\r\nSet-Cookie: b"}, {"X-Good", "yes"}}, "ok"});
  }
};

/// Speaks bytes.
class RawClient final {
 public:
  explicit RawClient(Executor executor) : socket_(executor) {}
  Task<> connect(std::uint16_t port) {
    co_await socket_.async_connect({ip::address_v4::loopback(), port}, token());
  }
  Task<> send(std::string bytes) {
    co_await boost::asio::async_write(socket_, boost::asio::buffer(bytes), token());
  }
  /// Everything up to and including `mark`; what came before the end when it never comes.
  Task<std::string> read_until(std::string mark) {
    boost::system::error_code error;
    const std::size_t size =
        co_await boost::asio::async_read_until(socket_, boost::asio::dynamic_buffer(buffer_), mark,
                                               boost::asio::redirect_error(token(), error));
    co_return take(error ? buffer_.size() : size);
  }
  /// A whole answer with Content-Length.
  Task<std::string> read_answer() {
    std::string head = co_await read_until("\r\n\r\n");
    const std::size_t at = head.find("Content-Length: ");
    const std::size_t length = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
    boost::system::error_code error;
    while (buffer_.size() < length && !error) co_await read_more(error);
    co_return head + take(std::min(length, buffer_.size()));
  }
  Task<std::string> read_to_end() {
    boost::system::error_code error;
    while (!error) co_await read_more(error);
    co_return take(buffer_.size());
  }
  void half_close() { socket_.shutdown(Socket::shutdown_send); }
  void close() { socket_.close(); }

 private:
  static UseTask token() { return {}; }
  std::string take(std::size_t size) {
    std::string taken = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return taken;
  }
  Task<> read_more(boost::system::error_code& error) {
    std::array<char, 65536> chunk;
    const std::size_t size = co_await socket_.async_read_some(
        boost::asio::buffer(chunk), boost::asio::redirect_error(token(), error));
    buffer_.append(chunk.data(), size);
  }
  Socket socket_;
  std::string buffer_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  void listen() {
    auto listening = HttpServer::listen(context.get_executor(), logger, config, handler);
    ASSERT_TRUE(listening) << describe(listening.error());
    server = std::move(*listening);
    tasks.spawn("server", server->run());
  }

  /// Runs `script` against the server, then drains it.
  void play(Task<> script) {
    run_to_end(context, with_drain(std::move(script)));
    EXPECT_EQ(server->connections(), 0U);
  }

  /// Connects, sends `bytes`, reads to the end of the connection.
  std::string exchange(std::string bytes) {
    if (!server) listen();
    std::string answer;
    play(send_and_read(std::move(bytes), answer));
    return answer;
  }

  Task<> with_drain(Task<> script) {
    co_await std::move(script);
    co_await server->drain();
  }

  Task<> send_and_read(std::string bytes, std::string& answer) {
    RawClient client(context.get_executor());
    co_await client.connect(server->port());
    co_await client.send(std::move(bytes));
    answer = co_await client.read_to_end();
  }

  boost::asio::io_context context{1};
  RecordingLogger logger;
  ServerConfig config;
  TaskGroup tasks{context.get_executor(), logger};
  ScriptedHandler handler{context.get_executor()};
  std::unique_ptr<HttpServer> server;
};

inline std::string get(std::string_view target, std::string_view more = {}) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(more) + "\r\n";
}

inline std::string post(std::string_view target, std::string_view body) {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

inline constexpr const char* kPost = "POST / HTTP/1.1\r\nHost: h\r\n";

}  // namespace gatehouse::net
