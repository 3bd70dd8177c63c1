#include "net/http_server_fixture.hpp"

namespace gatehouse::net {
namespace {

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

TEST_F(HttpServerTest, answers_408_to_a_head_that_is_not_completed_in_time) {
  config.head_deadline = 1ms;
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\nHost:"), StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, answers_408_to_a_body_that_is_not_completed_in_time) {
  config.body_deadline = 1ms;
  EXPECT_THAT(exchange(std::string(kPost) + "Content-Length: 5\r\n\r\nab"),
              StartsWith("HTTP/1.1 408 "));
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
