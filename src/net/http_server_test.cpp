#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <stdexcept>

#include "async/condition.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "async/timer.hpp"
#include "net/server.hpp"

namespace gatehouse::net {
namespace {

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
  static boost::asio::use_awaitable_t<Executor> token() { return {}; }
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

std::string get(std::string_view target, std::string_view more = {}) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(more) + "\r\n";
}

std::string post(std::string_view target, std::string_view body) {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Task<> keep_alive_script(RawClient& client, std::uint16_t port) {
  co_await client.connect(port);
  for (int i = 0; i < 3; ++i) {
    co_await client.send(post("/echo", "hello"));
    const std::string answer = co_await client.read_answer();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: "));
    EXPECT_THAT(answer, HasSubstr(" GMT\r\nContent-Length: 18\r\n\r\nPOST /echo h hello"));
    EXPECT_THAT(answer, Not(HasSubstr("Connection:")));
  }
}

TEST_F(HttpServerTest, answers_several_requests_on_one_connection) {
  listen();
  RawClient client(context.get_executor());
  play(keep_alive_script(client, server->port()));
  EXPECT_EQ(handler.requests, 3);
  EXPECT_EQ(handler.ids.size(), 3U);
}

Task<> pipeline_script(RawClient& client, std::uint16_t port, std::string& all) {
  co_await client.connect(port);
  co_await client.send(post("/a", "1") + get("/events") + post("/b", "2") +
                       get("/c", "Connection: close\r\n"));
  all = co_await client.read_to_end();
}

TEST_F(HttpServerTest, answers_pipelined_requests_in_order) {
  listen();
  RawClient client(context.get_executor());
  std::string all;
  play(pipeline_script(client, server->port(), all));
  const std::size_t a = all.find("POST /a h 1");
  const std::size_t events = all.find("data: 2");
  const std::size_t b = all.find("POST /b h 2");
  const std::size_t c = all.find("GET /c h ");
  EXPECT_LT(a, events);
  EXPECT_LT(events, b);
  EXPECT_LT(b, c);
  EXPECT_NE(c, std::string::npos);
}

Task<> byte_by_byte_script(RawClient& client, std::uint16_t port, std::string& answer) {
  co_await client.connect(port);
  for (const char c :
       std::string("\r\nPOST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
                   "Connection: close\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\n"
                   "X-Trailer: 9\r\n\r\n"))
    co_await client.send(std::string(1, c));
  answer = co_await client.read_to_end();
}

TEST_F(HttpServerTest, reads_a_chunked_request_that_arrives_byte_by_byte) {
  listen();
  RawClient client(context.get_executor());
  std::string answer;
  play(byte_by_byte_script(client, server->port(), answer));
  EXPECT_THAT(answer, EndsWith("POST /x h abcde"));
}

TEST_F(HttpServerTest, closes_after_http_1_0_and_after_connection_close) {
  EXPECT_THAT(exchange("GET /x HTTP/1.0\r\n\r\n"),
              testing::AllOf(HasSubstr("Connection: close\r\n"), EndsWith("GET /x - ")));
}

TEST_F(HttpServerTest, answers_head_without_a_body) {
  const std::string answer = exchange("HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 10\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, streams_without_chunks_to_http_1_0) {
  const std::string answer = exchange("GET /events HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_THAT(answer, EndsWith("\r\n\r\ndata: 1\n\ndata: 2\n\n"));
}

TEST_F(HttpServerTest, streams_in_chunks) {
  const std::string answer = exchange(get("/events", "Connection: close\r\n"));
  EXPECT_THAT(answer, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n"));
}

TEST_F(HttpServerTest, sends_large_answers_whole) {
  const std::string answer = exchange(get("/big", "Connection: close\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 6291456\r\n"));
  EXPECT_EQ(std::ranges::count(answer.substr(answer.find("\r\n\r\n")), 'a'), 3 * 1024 * 1024);
  EXPECT_TRUE(answer.ends_with("bbbb"));
}

TEST_F(HttpServerTest, drops_header_fields_that_would_split_the_answer) {
  const std::string answer = exchange(get("/bad-header", "Connection: close\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Set-Cookie")));
  EXPECT_THAT(answer, HasSubstr("X-Good: yes\r\n"));
}

TEST_F(HttpServerTest, answers_500_with_the_request_id_when_a_handler_throws) {
  const std::string answer = exchange(get("/throw"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 Internal Server Error\r\n"));
  EXPECT_THAT(answer, HasSubstr("X-Request-Id: " + *handler.ids.begin()));
  EXPECT_THAT(answer, Not(HasSubstr("handler broke")));
  EXPECT_TRUE(logger.saw("request_failed"));
}

TEST_F(HttpServerTest, answers_500_when_a_handler_answers_nothing) {
  EXPECT_THAT(exchange(get("/none")), StartsWith("HTTP/1.1 500 "));
}

TEST_F(HttpServerTest, leaves_a_stream_without_its_end_when_the_handler_throws) {
  const std::string answer = exchange(get("/half"));
  EXPECT_THAT(answer, Not(HasSubstr("0\r\n\r\n")));
}

struct Malformed {
  const char* name;
  std::string bytes;
  int status;
};

class MalformedRequest : public HttpServerTest, public ::testing::WithParamInterface<Malformed> {};

TEST_P(MalformedRequest, is_refused_and_the_connection_closed) {
  config.max_header_bytes = 2048;
  config.max_body_bytes = 1000;
  const std::string answer = exchange(GetParam().bytes);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(GetParam().status) + " "));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << "a second answer: " << answer;
  EXPECT_EQ(handler.requests, 0);
}

const std::string kHost = "POST / HTTP/1.1\r\nHost: h\r\n";

INSTANTIATE_TEST_SUITE_P(
    Framing, MalformedRequest,
    ::testing::Values(
        Malformed{"length_and_coding",
                  kHost + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        Malformed{"coding_and_length",
                  kHost + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400},
        Malformed{"two_lengths", kHost + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
        Malformed{"two_equal_lengths", kHost + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
                  400},
        Malformed{"list_of_lengths", kHost + "Content-Length: 1, 1\r\n\r\na", 400},
        Malformed{"signed_length", kHost + "Content-Length: +1\r\n\r\na", 400},
        Malformed{"negative_length", kHost + "Content-Length: -1\r\n\r\na", 400},
        Malformed{"huge_length", kHost + "Content-Length: 99999999999999999999\r\n\r\na", 400},
        Malformed{"two_codings", kHost + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
        Malformed{"unknown_coding", kHost + "Transfer-Encoding: gzip\r\n\r\n" + get("/x"), 501},
        Malformed{"obscured_coding", kHost + "Transfer-Encoding: xchunked\r\n\r\n", 501},
        Malformed{"coding_in_1_0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                  400},
        Malformed{"bare_lf", "GET / HTTP/1.1\nHost: h\n\n", 400},
        Malformed{"bare_lf_in_fields", "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400},
        Malformed{"bare_cr", "GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", 400},
        Malformed{"folding", "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400},
        Malformed{"folded_first_field", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400},
        Malformed{"space_before_colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
        Malformed{"nul", std::string("GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", 38), 400},
        Malformed{"no_host", "GET / HTTP/1.1\r\n\r\n", 400},
        Malformed{"two_hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        Malformed{"relative_target", "GET x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        Malformed{"connect", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 400},
        Malformed{"user_in_target", "GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        Malformed{"http_2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
        Malformed{"tls", "\x16\x03\x01\n", 400},
        Malformed{"length_as_trailer",
                  kHost + "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 9\r\n\r\n", 400},
        Malformed{"chunk_size", kHost + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
                  400},
        Malformed{"chunk_end", kHost + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
                  400},
        Malformed{"long_chunk_header",
                  kHost + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(20000, 'a'), 400},
        Malformed{"expectation", kHost + "Expect: tea\r\nContent-Length: 1\r\n\r\na", 417},
        Malformed{"long_head", "GET /" + std::string(3000, 'a'), 431},
        Malformed{"long_whole_head",
                  "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(3000, 'a') + "\r\n\r\n", 431},
        Malformed{"many_fields",
                  [] {
                    std::string bytes = "GET / HTTP/1.1\r\nHost: h\r\n";
                    for (int i = 0; i < 200; ++i) bytes += "a:b\r\n";
                    return bytes + "\r\n";
                  }(),
                  431},
        Malformed{"long_body", kHost + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'a'),
                  413},
        Malformed{"long_chunked_body",
                  kHost + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'a'),
                  413},
        Malformed{"long_expected_body",
                  kHost + "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n", 413}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(HttpServerTest, gives_the_authority_of_an_absolute_target_precedence_over_host) {
  EXPECT_THAT(
      exchange("GET http://real:1/p?q HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n"),
      EndsWith("GET /p?q real:1 "));
}

Task<> expect_script(RawClient& client, std::uint16_t port, std::string& first,
                     std::string& second) {
  co_await client.connect(port);
  co_await client.send(kHost + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  first = co_await client.read_until("\r\n\r\n");
  co_await client.send("abc");
  second = co_await client.read_answer();
}

TEST_F(HttpServerTest, asks_for_the_body_that_a_client_holds_back) {
  listen();
  RawClient client(context.get_executor());
  std::string first;
  std::string second;
  play(expect_script(client, server->port(), first, second));
  EXPECT_EQ(first, "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_THAT(second, EndsWith("POST / h abc"));
}

TEST_F(HttpServerTest, answers_408_to_a_head_that_is_not_completed_in_time) {
  config.head_deadline = 1ms;
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\nHost:"), StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, answers_408_to_a_body_that_is_not_completed_in_time) {
  config.body_deadline = 1ms;
  EXPECT_THAT(exchange(kHost + "Content-Length: 5\r\n\r\nab"), StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, closes_an_idle_connection_without_a_word) {
  config.idle = 1ms;
  EXPECT_EQ(exchange(""), "");
}

Task<> flood_script(RawClient& client, std::uint16_t port, ScriptedHandler& handler) {
  co_await client.connect(port);
  co_await client.send(get("/flood"));
  while (!handler.ended) co_await handler.changed.wait();
}

TEST_F(HttpServerTest, gives_up_on_a_peer_that_reads_nothing) {
  config.write_stall = 1ms;
  listen();
  RawClient client(context.get_executor());
  play(flood_script(client, server->port(), handler));
  EXPECT_TRUE(logger.saw("http_peer_stalled"));
}

Task<> leave_script(RawClient& client, std::uint16_t port, ScriptedHandler& handler) {
  co_await client.connect(port);
  co_await client.send(get("/until-gone"));
  while (handler.requests == 0) co_await handler.changed.wait();
  client.close();
  while (handler.gone == 0) co_await handler.changed.wait();
}

TEST_F(HttpServerTest, tells_the_handler_when_the_peer_has_gone) {
  listen();
  RawClient client(context.get_executor());
  play(leave_script(client, server->port(), handler));
  EXPECT_EQ(handler.gone, 1);
}

Task<> watched_pipeline_script(RawClient& client, std::uint16_t port, ScriptedHandler& handler,
                               std::string& rest) {
  co_await client.connect(port);
  co_await client.send(get("/until-gone") + get("/echo"));
  while (handler.requests == 0) co_await handler.changed.wait();
  co_await client.send(get("/echo"));
  client.half_close();
  rest = co_await client.read_to_end();
}

TEST_F(HttpServerTest, notices_the_end_behind_pipelined_requests) {
  listen();
  RawClient client(context.get_executor());
  std::string rest;
  play(watched_pipeline_script(client, server->port(), handler, rest));
  EXPECT_THAT(rest, HasSubstr("too late"));
}

Task<> drain_script(HttpServer& server, ScriptedHandler& handler, RawClient& busy, RawClient& idle,
                    std::string& answer) {
  co_await idle.connect(server.port());
  co_await idle.send(get("/echo"));
  (void)co_await idle.read_answer();
  co_await busy.connect(server.port());
  co_await busy.send(get("/wait"));
  while (handler.requests < 2) co_await handler.changed.wait();
  handler.released = true;
  handler.changed.notify_all();
  co_await server.drain();
  EXPECT_EQ(co_await idle.read_to_end(), "");
  answer = co_await busy.read_to_end();
}

TEST_F(HttpServerTest, drains_by_closing_idle_connections_and_finishing_requests) {
  listen();
  RawClient busy(context.get_executor());
  RawClient idle(context.get_executor());
  std::string answer;
  play(drain_script(*server, handler, busy, idle, answer));
  EXPECT_THAT(answer, testing::AllOf(HasSubstr("Connection: close\r\n"), EndsWith("released")));
  EXPECT_EQ(tasks.size(), 0U) << "run() returns";
}

TEST_F(HttpServerTest, cancels_what_outlasts_the_drain) {
  config.drain = 1ms;
  listen();
  RawClient client(context.get_executor());
  play(leave_script(client, server->port(), handler));
  EXPECT_FALSE(handler.ended);
}

Task<> start_only(RawClient& client, std::uint16_t port, ScriptedHandler& handler,
                  std::string target) {
  co_await client.connect(port);
  co_await client.send(get(target));
  while (handler.requests == 0) co_await handler.changed.wait();
}

TEST_F(HttpServerTest, asks_a_handler_to_stop_at_the_end_of_the_drain) {
  config.drain = 1ms;
  listen();
  RawClient client(context.get_executor());
  play(start_only(client, server->port(), handler, "/until-gone"));
  EXPECT_EQ(handler.gone, 1);
}

TEST_F(HttpServerTest, ends_a_handler_that_does_not_listen_at_the_end_of_the_drain) {
  config.drain = 1ms;
  listen();
  RawClient client(context.get_executor());
  play(start_only(client, server->port(), handler, "/forever"));
  EXPECT_TRUE(handler.ended);
}

Task<> crowd_script(std::uint16_t port, Executor executor, std::string& answer) {
  RawClient first(executor);
  RawClient second(executor);
  co_await first.connect(port);
  co_await first.send(get("/echo"));
  (void)co_await first.read_answer();
  co_await second.connect(port);
  co_await second.send(get("/echo", "Connection: close\r\n"));
  first.close();
  answer = co_await second.read_to_end();
}

TEST_F(HttpServerTest, makes_connections_beyond_the_limit_wait) {
  config.max_connections = 1;
  listen();
  std::string answer;
  play(crowd_script(server->port(), context.get_executor(), answer));
  EXPECT_THAT(answer, HasSubstr("GET /echo"));
}

TEST_F(HttpServerTest, says_which_address_is_in_use) {
  listen();
  config.port = server->port();
  const auto second = HttpServer::listen(context.get_executor(), logger, config, handler);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::conflict);
  EXPECT_THAT(second.error().detail, StartsWith(server->authority()));
  run_to_end(context, server->drain());
}

TEST_F(HttpServerTest, listens_on_ipv6) {
  config.address = "[::1]";
  listen();
  EXPECT_THAT(server->authority(), StartsWith("[::1]:"));
  run_to_end(context, server->drain());
}

TEST_F(HttpServerTest, refuses_an_address_that_is_none) {
  config.address = "example.org";
  const auto result = HttpServer::listen(context.get_executor(), logger, config, handler);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::invalid_argument);
}

TEST_F(HttpServerTest, lets_shards_share_an_address) {
  config.reuse_port = true;
  listen();
  config.port = server->port();
  EXPECT_TRUE(HttpServer::listen(context.get_executor(), logger, config, handler));
  run_to_end(context, server->drain());
}

}  // namespace
}  // namespace gatehouse::net
