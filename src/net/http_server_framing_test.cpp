// What the server refuses, and what it must take although it is unusual (RFC 9112).
#include "net/http_server_fixture.hpp"

namespace gatehouse::net {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kHost = kPost;

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

Task<> empty_chunks_script(RawClient& client, std::uint16_t port, std::string& answer) {
  co_await client.connect(port);
  for (const char c : kHost + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n")
    co_await client.send(std::string(1, c));
  answer = co_await client.read_to_end();
}

TEST_F(HttpServerTest, reads_an_empty_chunked_request_that_arrives_byte_by_byte) {
  listen();
  RawClient client(context.get_executor());
  std::string answer;
  play(empty_chunks_script(client, server->port(), answer));
  EXPECT_THAT(answer, EndsWith("POST / h "));
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
        Malformed{"nul", std::string("GET / HTTP/1.1\r\nHost: h\r\nX: a") + '\0' + "b\r\n\r\n",
                  400},
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

}  // namespace
}  // namespace gatehouse::net
