// GuardedClient against scripted servers on loopback: framing, reuse, failures, limits, streams.
#include <gtest/gtest.h>

#include "async/timer.hpp"
#include "fakes/client_fixture.hpp"

namespace gatehouse::net {
namespace {

using fakes::ClientFixture;
using fakes::Peer;
using fakes::ScriptedServer;
using namespace std::chrono_literals;

using HttpClient = ClientFixture;

void answer_all(Peer& peer) {
  while (!peer.read_request().empty()) peer.answer("connection " + std::to_string(peer.number()));
}

TEST_F(HttpClient, sends_one_well_formed_request_and_returns_the_answer) {
  ScriptedServer server([](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 418 Teapot\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\nhi");
  });
  const auto reply = post(server, "{\"a\":1}", {{"Mcp-Method", "tools/call"}});
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->status, 418);
  EXPECT_EQ(reply->body, "hi");
  EXPECT_EQ(reply->headers.find_all("X-A").size(), 2U);
  EXPECT_EQ(reply->url, server.origin() + "/mcp?x=1");
  const std::string host = "127.0.0.1:" + std::to_string(server.port());
  EXPECT_EQ(server.requests()[0], "POST /mcp?x=1 HTTP/1.1\r\nHost: " + host +
                                      "\r\nMcp-Method: tools/call\r\nUser-Agent: gatehouse\r\n"
                                      "Accept-Encoding: identity\r\nContent-Length: 7\r\n\r\n"
                                      "{\"a\":1}");
}

TEST_F(HttpClient, reuses_a_connection_that_may_be_kept) {
  ScriptedServer server(answer_all);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get(server)->body, "connection 0");
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClient, opens_a_new_connection_after_connection_close_and_http_1_0) {
  ScriptedServer server([](Peer& peer) {
    peer.read_request();
    if (peer.number() == 0) {
      peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na");
    } else {
      peer.send("HTTP/1.0 200 OK\r\n\r\nuntil the end");
      peer.close();
    }
    peer.wait_closed();
  });
  EXPECT_EQ(get(server)->body, "a");
  EXPECT_EQ(get(server)->body, "until the end");
  EXPECT_EQ(get(server)->body, "until the end");
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(HttpClient, decodes_chunks_however_they_are_cut_and_drops_trailers) {
  ScriptedServer server([](Peer& peer) {
    peer.read_request();
    const std::string_view answer =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Late: 1\r\n\r\n";
    for (const char& c : answer) peer.send({&c, 1});
    peer.wait_closed();
  });
  const auto reply = get(server);
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->body, "hello world");
  EXPECT_FALSE(reply->headers.contains("X-Late"));
}

TEST_F(HttpClient, reads_an_empty_chunked_body_byte_by_byte) {
  ScriptedServer server([](Peer& peer) {
    while (!peer.read_request().empty()) {
      const std::string_view answer =
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
      for (const char& c : answer) peer.send({&c, 1});
    }
  });
  for (int i = 0; i < 20; ++i) {
    const auto reply = get(server);
    ASSERT_TRUE(reply) << describe(reply.error());
    EXPECT_EQ(reply->body, "");
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClient, ignores_interim_answers_but_not_without_end) {
  ScriptedServer server([](Peer& peer) {
    peer.read_request();
    const int count = peer.number() == 0 ? 2 : 1000;
    for (int i = 0; i < count; ++i)
      peer.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
    peer.answer("done", "Connection: close\r\n");
  });
  EXPECT_EQ(get(server)->body, "done");
  EXPECT_EQ(get(server).error().code, Errc::protocol);
}

TEST_F(HttpClient, reads_large_bodies_and_sends_large_bodies) {
  const std::string large(3'000'000, 'x');
  ScriptedServer server([&](Peer& peer) {
    while (true) {
      const std::string request = peer.read_request();
      if (request.empty()) return;
      peer.answer(std::to_string(request.size()) + large);
    }
  });
  auto options = this->options(server);
  options.max_body = 4'000'000;
  const auto reply =
      send({.method = "POST", .target = server.origin() + "/", .body = large}, options);
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_TRUE(reply->body.ends_with(large));
  EXPECT_GT(reply->body.find('x'), 6U);
  EXPECT_GE(reply->body.capacity(), reply->body.size() + 64);
}

TEST_F(HttpClient, refuses_answers_that_break_the_rules_of_framing) {
  const std::vector<std::string> heads = {
      "garbage\r\n\r\n",
      "HTTP/2.0 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nName : v\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\na",
  };
  ScriptedServer server([&](Peer& peer) {
    peer.read_request();
    peer.send(heads[static_cast<std::size_t>(peer.number())]);
    peer.shut_down();
    peer.wait_closed();
  });
  for (const std::string& head : heads) {
    const auto reply = get(server);
    ASSERT_FALSE(reply) << head;
    EXPECT_EQ(reply.error().code, Errc::protocol) << head << describe(reply.error());
  }
}

TEST_F(HttpClient, bounds_head_fields_and_body) {
  const std::vector<std::string> answers = {
      "HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n",
      "HTTP/1.1 200 OK\r\n" +
          [] {
            std::string fields;
            for (int i = 0; i < 200; ++i) fields += "X: 1\r\n";
            return fields;
          }() +
          "\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(2000, 'x'),
      "HTTP/1.1 200 OK\r\n\r\n" + std::string(2000, 'x'),
  };
  ScriptedServer server([&](Peer& peer) {
    peer.read_request();
    peer.send(answers[static_cast<std::size_t>(peer.number())]);
    peer.wait_closed();
  });
  auto options = this->options(server);
  options.max_body = 1000;
  for (const std::string& answer : answers) {
    const auto reply = send({.target = server.origin() + "/"}, options);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Errc::too_large) << answer.substr(0, 80);
  }
}

TEST_F(HttpClient, asks_for_gzip_for_documents_and_decodes_within_the_limit) {
  const std::string gzip = fakes::gzip(std::string(900, 'a'));
  const std::string bomb = fakes::gzip(
      std::string(std::size_t{50'000} * 1000, 'a'));  // NOLINT(bugprone-string-constructor)
  ScriptedServer server([&](Peer& peer) {
    while (!peer.read_request().empty())
      peer.answer(server_turn++ == 0 ? gzip : bomb, "Content-Encoding: gzip\r\n");
  });
  auto options = this->options(server);
  options.max_body = 1000;
  const auto reply = send({.target = server.origin() + "/"}, options);
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->body, std::string(900, 'a'));
  EXPECT_FALSE(reply->headers.contains("Content-Encoding"));
  EXPECT_FALSE(reply->headers.contains("Content-Length"));
  EXPECT_NE(server.requests()[0].find("Accept-Encoding: gzip\r\n"), std::string::npos);
  options.max_body = 1'000'000;
  EXPECT_EQ(send({.target = server.origin() + "/"}, options).error().code, Errc::too_large);
}

TEST_F(HttpClient, refuses_headers_that_break_the_message_or_belong_to_the_connection) {
  ScriptedServer server(answer_all);
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"X", "a\r\nY: b"},
                                                        {"X y", "a"},
                                                        {"", "a"},
                                                        {"Host", "evil"},
                                                        {"content-length", "1"},
                                                        {"Transfer-Encoding", "chunked"},
                                                        {"Expect", "100-continue"}}) {
    http::Request request{.target = server.origin() + "/"};
    request.headers.add(name, value);
    const auto reply = send(std::move(request), options(server));
    ASSERT_FALSE(reply) << name;
    EXPECT_EQ(reply.error().code, Errc::invalid_argument) << name;
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(HttpClient, answers_timeout_where_repeating_is_safe_and_outcome_unknown_where_it_is_not) {
  ScriptedServer server([](Peer& peer) {
    peer.read_request();
    peer.wait_closed();
  });
  auto options = this->options(server);
  options.timeout = 60ms;
  EXPECT_EQ(send({.target = server.origin() + "/"}, options).error().code, Errc::timeout);
  EXPECT_EQ(send({.method = "POST", .target = server.origin() + "/"}, options).error().code,
            Errc::outcome_unknown);
}

TEST_F(HttpClient, ends_a_cancelled_request_and_closes_its_connection) {
  CancelSource cancel;
  ScriptedServer server([this, &cancel](Peer& peer) {
    peer.read_request();
    boost::asio::post(context, [&cancel] { cancel.cancel(); });
    peer.wait_closed();
  });
  auto options = this->options(server);
  options.cancel = &cancel;
  EXPECT_EQ(send({.method = "POST", .target = server.origin() + "/"}, options).error().code,
            Errc::cancelled);
  EXPECT_EQ(send({.target = server.origin() + "/"}, options).error().code, Errc::cancelled);
  EXPECT_EQ(server.connections(), 1);
}

Task<Result<int>> status_of(http::Client& client, http::Request request,
                            http::SendOptions options) {
  const Result<http::Reply> reply = co_await client.send(std::move(request), options);
  if (!reply) co_return std::unexpected(reply.error());
  co_return reply->status;
}

TEST_F(HttpClient, leaves_nothing_behind_when_its_task_is_cancelled) {
  ScriptedServer server([](Peer& peer) {
    peer.read_request();
    peer.wait_closed();
  });
  const auto options = this->options(server);
  auto work = status_of(*client, {.method = "POST", .target = server.origin() + "/"}, options);
  const auto result = run_to_end(context, with_timeout<int>(60ms, std::move(work), "the call"));
  EXPECT_EQ(result.error().detail, "the call took longer than 0.06 s");
}

}  // namespace
}  // namespace gatehouse::net
