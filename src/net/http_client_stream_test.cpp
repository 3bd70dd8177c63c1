// Event streams: handed over after the head, read as they arrive, ended by either side.
#include <gtest/gtest.h>

#include "fakes/client_fixture.hpp"

namespace gatehouse::net {
namespace {

using fakes::ClientFixture;
using fakes::Peer;
using fakes::ScriptedServer;
using namespace std::chrono_literals;

constexpr std::string_view kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

class HttpClientStream : public ClientFixture {
 protected:
  Result<http::Reply> open(const ScriptedServer& server, CancelSource* cancel = nullptr) {
    auto streaming = options(server);
    streaming.stream_events = true;
    streaming.cancel = cancel;
    return send({.method = "POST", .target = server.origin() + "/", .body = "{}"}, streaming);
  }
  Result<std::string_view> read(http::BodyStream& stream, std::chrono::milliseconds idle = 5s) {
    return run_to_end(context, stream.read_some(idle));
  }
  Result<std::string> read_all(http::BodyStream& stream) {
    std::string all;
    while (true) {
      const auto piece = read(stream);
      if (!piece) return std::unexpected(piece.error());
      if (piece->empty()) return all;
      all.append(*piece);
    }
  }
};

TEST_F(HttpClientStream, hands_over_events_as_they_arrive_and_keeps_the_connection) {
  std::promise<void> first_read;
  ScriptedServer server([&](Peer& peer) {
    peer.read_request();
    peer.send(kHead);
    peer.send("9\r\ndata: 1\n\n\r\n");
    if (peer.number() == 0 && server_turn++ == 0) first_read.get_future().wait();
    peer.send("9\r\ndata: 2\n");
    peer.send("\n\r\n0\r\n\r\n");
    peer.read_request();
    peer.answer("same connection");
  });
  const auto reply = open(server);
  ASSERT_TRUE(reply) << describe(reply.error());
  ASSERT_TRUE(reply->stream);
  EXPECT_TRUE(reply->body.empty());
  EXPECT_EQ(*read(*reply->stream), "data: 1\n\n");
  first_read.set_value();
  EXPECT_EQ(*read_all(*reply->stream), "data: 2\n\n");
  EXPECT_EQ(*read(*reply->stream), "");
  const_cast<http::Reply&>(*reply).stream.reset();
  EXPECT_EQ(get(server)->body, "same connection");
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientStream, reads_streams_that_arrive_whole_or_end_with_the_connection) {
  ScriptedServer server([&](Peer& peer) {
    peer.read_request();
    if (peer.number() == 0) {
      peer.send(std::string(kHead) + "9\r\ndata: 1\n\n\r\n0\r\n\r\n");
    } else {
      peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 2\n\n");
    }
  });
  EXPECT_EQ(*read_all(*open(server)->stream), "data: 1\n\n");
  EXPECT_EQ(*read_all(*open(server)->stream), "data: 2\n\n");
}

TEST_F(HttpClientStream, reports_a_cut_stream_as_outcome_unknown) {
  ScriptedServer server([&](Peer& peer) {
    peer.read_request();
    peer.send(kHead);
    peer.send("9\r\ndata: 1\n\n\r\n");
  });
  const auto reply = open(server);
  EXPECT_EQ(read_all(*reply->stream).error().code, Errc::outcome_unknown);
}

TEST_F(HttpClientStream, reports_silence_as_timeout) {
  ScriptedServer server([&](Peer& peer) {
    peer.read_request();
    peer.send(kHead);
    peer.wait_closed();
  });
  const auto reply = open(server);
  EXPECT_EQ(read(*reply->stream, 40ms).error().code, Errc::timeout);
}

TEST_F(HttpClientStream, ends_a_cancelled_stream) {
  CancelSource cancel;
  ScriptedServer server([&](Peer& peer) {
    peer.read_request();
    peer.send(kHead);
    peer.wait_closed();
  });
  const auto reply = open(server, &cancel);
  boost::asio::post(context, [&] { cancel.cancel(); });
  EXPECT_EQ(read(*reply->stream).error().code, Errc::cancelled);
}

TEST_F(HttpClientStream, closes_the_connection_when_a_stream_is_dropped) {
  std::promise<void> closed;
  ScriptedServer server([&](Peer& peer) {
    peer.read_request();
    peer.send(kHead);
    peer.wait_closed();
    closed.set_value();
  });
  open(server)->stream.reset();
  closed.get_future().wait();
}

TEST_F(HttpClientStream, reads_other_answers_whole) {
  ScriptedServer server([&](Peer& peer) {
    peer.read_request();
    peer.answer("{}", "Content-Type: application/json\r\n");
  });
  const auto reply = open(server);
  EXPECT_FALSE(reply->stream);
  EXPECT_EQ(reply->body, "{}");
}

}  // namespace
}  // namespace gatehouse::net
