// What the client does when connections break, and when they are shared: rule 1 of the design hangs
// on telling "not processed" from "unknown".
#include <gtest/gtest.h>

#include "async/start.hpp"
#include "async/use_task.hpp"
#include "fakes/client_fixture.hpp"

namespace gatehouse::net {
namespace {

using fakes::ClientFixture;
using fakes::Peer;
using fakes::ScriptedServer;
using namespace std::chrono_literals;

using HttpClientReuse = ClientFixture;

/// Gives the event loop a few turns, so that it sees what the kernel already knows.
Task<> turn(Executor executor) {
  for (int i = 0; i < 4; ++i) co_await boost::asio::post(executor, use_task);
}

TEST_F(HttpClientReuse, does_not_use_a_connection_that_was_closed_at_rest) {
  std::promise<void> closed;
  ScriptedServer server([&](Peer& peer) {
    peer.read_request();
    peer.answer("connection " + std::to_string(peer.number()));
    if (peer.number() == 1) return peer.wait_closed();
    peer.close();
    closed.set_value();
  });
  EXPECT_EQ(post(server, "a")->body, "connection 0");
  closed.get_future().wait();
  run_to_end(context, turn(context.get_executor()));
  EXPECT_EQ(post(server, "b")->body, "connection 1");
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(HttpClientReuse, does_not_use_a_connection_on_which_the_server_spoke_unasked) {
  std::promise<void> go, spoke;
  ScriptedServer server([&](Peer& peer) {
    peer.read_request();
    peer.answer("connection " + std::to_string(peer.number()));
    if (peer.number() == 0) {
      go.get_future().wait();
      peer.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
      spoke.set_value();
    }
    peer.wait_closed();
  });
  EXPECT_EQ(post(server, "a")->body, "connection 0");
  go.set_value();
  spoke.get_future().wait();
  run_to_end(context, turn(context.get_executor()));
  EXPECT_EQ(post(server, "b")->body, "connection 1");
}

/// The event loop does not run between the requests, so that the client cannot see the close before
/// it writes.
TEST_F(HttpClientReuse, repeats_a_post_that_the_peers_kernel_never_took) {
  std::promise<void> closed;
  ScriptedServer server([&](Peer& peer) {
    peer.read_request();
    peer.answer("connection " + std::to_string(peer.number()));
    if (peer.number() == 0) {
      peer.close();
      closed.set_value();
    }
    peer.wait_closed();
  });
  EXPECT_EQ(post(server, "a")->body, "connection 0");
  closed.get_future().wait();
  const auto reply = post(server, "b");
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->body, "connection 1");
}

TEST_F(HttpClientReuse, does_not_repeat_a_post_that_arrived_and_was_not_answered) {
  ScriptedServer server([](Peer& peer) {
    peer.read_request();
    if (peer.number() == 0) {
      peer.answer("first");
      peer.read_request();
    }
  });
  EXPECT_EQ(post(server, "a")->body, "first");
  const auto reply = post(server, "b");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Errc::outcome_unknown);
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientReuse, repeats_a_get_once_when_a_kept_connection_breaks_before_the_answer) {
  ScriptedServer server([](Peer& peer) {
    peer.read_request();
    if (peer.number() > 0) return;
    peer.answer("first");
    peer.read_request();
    peer.reset();
  });
  EXPECT_EQ(get(server)->body, "first");
  const auto reply = get(server);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Errc::unavailable);
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST_F(HttpClientReuse, tells_an_unknown_outcome_when_an_answer_breaks_off) {
  const std::vector<std::string> starts = {
      "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"};
  ScriptedServer server([&](Peer& peer) {
    peer.read_request();
    peer.send(starts[static_cast<std::size_t>(peer.number() / 2)]);
  });
  for (const std::string& start : starts) {
    EXPECT_EQ(post(server, "a").error().code, Errc::outcome_unknown) << start;
    EXPECT_EQ(get(server).error().code, Errc::unavailable) << start;
  }
}

TEST_F(HttpClientReuse, finds_an_early_answer_to_a_body_that_the_server_does_not_read) {
  ScriptedServer server([](Peer& peer) {
    peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
    peer.shut_down();
    peer.wait_closed();
  });
  const auto reply = post(server, std::string(8'000'000, 'x'));
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->status, 413);
}

TEST_F(HttpClientReuse, says_unavailable_where_nobody_listens) {
  std::string origin;
  {
    const ScriptedServer gone([](Peer&) {});
    origin = gone.origin();
  }
  http::SendOptions options;
  const http::Allowance allowance{.origin = origin};
  options.allowances = {&allowance, 1};
  const auto reply = send({.method = "POST", .target = origin + "/", .body = "x"}, options);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Errc::unavailable);
  EXPECT_NE(reply.error().detail.find("Connection refused"), std::string::npos);
}

Task<> hammer(http::Client& client, std::string url, http::SendOptions options, int count,
              int& good) {
  for (int i = 0; i < count; ++i) {
    http::Request request{.method = "POST", .target = url, .body = "x"};
    const auto reply = co_await client.send(std::move(request), options);
    if (reply && reply->status == 200) ++good;
  }
}

TEST_F(HttpClientReuse, makes_requests_wait_when_an_origin_has_its_share_of_connections) {
  use({.pool = {.per_origin = 2}});
  ScriptedServer server([](Peer& peer) {
    while (!peer.read_request().empty()) peer.answer("ok");
  });
  const auto options = this->options(server);
  int good = 0;
  for (int i = 0; i < 8; ++i) {
    start(context.get_executor(), hammer(*client, server.origin() + "/", options, 20, good),
          [](const std::exception_ptr& error) { EXPECT_FALSE(error); });
  }
  context.restart();
  context.run();
  EXPECT_EQ(good, 160);
  EXPECT_LE(server.connections(), 2);
}

TEST_F(HttpClientReuse, closes_connections_that_rested_too_long) {
  use({.pool = {.idle = 20ms}});
  std::promise<void> closed;
  ScriptedServer server([&](Peer& peer) {
    peer.read_request();
    peer.answer("ok");
    peer.wait_closed();
    closed.set_value();
  });
  EXPECT_TRUE(get(server));
  const std::future<void> is_closed = closed.get_future();
  while (is_closed.wait_for(0s) != std::future_status::ready)
    run_to_end(context, turn(context.get_executor()));
}

}  // namespace
}  // namespace gatehouse::net
