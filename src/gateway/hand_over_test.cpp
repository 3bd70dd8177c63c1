#include "gateway/hand_over.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "async/condition.hpp"
#include "async/run.hpp"
#include "async/timer.hpp"
#include "gateway/shard_door.hpp"

namespace gatehouse::gateway {
namespace {

using namespace std::chrono_literals;

/// An exchange of the first shard that notes what it is asked, and from which thread.
class NotedExchange final : public http::Exchange {
 public:
  http::Request made;
  std::string said;
  int status = 0;
  bool started = false;
  bool finished = false;
  std::thread::id home = std::this_thread::get_id();
  CancelSource gone;
  std::size_t writes_until_gone = 1'000'000;

  const http::Request& request() const override { return made; }
  std::string_view peer_address() const override { return "192.0.2.7"; }
  std::string_view request_id() const override { return "req-1"; }
  using http::Exchange::respond;
  Task<> respond(int code, const http::Headers&,
                 std::span<const std::string_view> pieces) override {
    EXPECT_EQ(std::this_thread::get_id(), home);
    status = code;
    for (const std::string_view piece : pieces) said += piece;
    co_return;
  }
  Task<Result<void>> start_stream(int code, const http::Headers&) override {
    EXPECT_EQ(std::this_thread::get_id(), home);
    status = code;
    started = true;
    co_return Result<void>{};
  }
  Task<Result<void>> write(std::string_view bytes) override {
    EXPECT_EQ(std::this_thread::get_id(), home);
    co_await sleep_for(0ms);
    said += bytes;
    if (--writes_until_gone == 0) {
      gone.cancel();
      co_return fail(Errc::unavailable, "the peer is gone");
    }
    co_return Result<void>{};
  }
  Task<> finish() override {
    finished = true;
    co_return;
  }
  bool streaming() const override { return started; }
  CancelSource& disconnected() override { return gone; }
};

/// What the second shard does with it.
class Answering final : public http::Handler {
 public:
  std::thread::id ran_on;
  std::string saw;
  Task<> (*answer)(http::Exchange&) = nullptr;
  Task<> handle(http::Exchange& exchange) override {
    ran_on = std::this_thread::get_id();
    saw = exchange.request().body + std::string(exchange.peer_address()) +
          std::string(exchange.request_id());
    co_await answer(exchange);
  }
};

struct HandOver : testing::Test {
  HandOver() : guard(there.get_executor()), thread([this] { there.run(); }) {}
  ~HandOver() override {
    guard.reset();
    thread.join();
  }
  void run() { run_to_end(here, hand_over(exchange, {shards, 0}, 1, handler)); }

  boost::asio::io_context here{1};
  boost::asio::io_context other{1};  // outlives the thread too, which posts to it
  boost::asio::io_context there{1};
  Shards shards{{here.get_executor(), there.get_executor()}};
  boost::asio::executor_work_guard<Executor> guard;
  std::thread thread;
  NotedExchange exchange;
  Answering handler;
};

Task<> answer_whole(http::Exchange& exchange) {
  http::Response response;
  response.status = 201;
  response.body = "made";
  co_await exchange.respond(std::move(response));
}

Task<> stream_until_it_fails(http::Exchange& exchange) {
  (void)co_await exchange.start_stream(200, {});
  EXPECT_TRUE(exchange.streaming());
  for (int i = 0; i < 1000; ++i)
    if (!co_await exchange.write("line\n")) co_return;
  co_await exchange.finish();
}

Task<> wait_until_it_leaves(http::Exchange& exchange) {
  Condition told(co_await boost::asio::this_coro::executor);
  CancelSource& gone = exchange.disconnected();
  const auto registration = gone.on_cancel([&] { told.notify_all(); });
  // From the shard of the connection, at some later time.
  (void)co_await exchange.start_stream(200, {});
  (void)co_await exchange.write("and then it leaves");
  while (!gone.cancelled()) co_await told.wait();
}

Task<> ignore_that_it_left(http::Exchange& exchange) {
  (void)exchange.disconnected();
  co_return;
}

Task<> break_down(http::Exchange&) {
  throw std::runtime_error("broken");
  co_return;
}

TEST_F(HandOver, the_answer_is_made_there_and_sent_here) {
  exchange.made.body = "question ";
  handler.answer = answer_whole;
  run();
  EXPECT_EQ(handler.ran_on, thread.get_id());
  EXPECT_EQ(handler.saw, "question 192.0.2.7req-1");
  EXPECT_EQ(exchange.status, 201);
  EXPECT_EQ(exchange.said, "made");
}

TEST_F(HandOver, a_stream_keeps_the_pace_and_the_order_of_its_connection) {
  handler.answer = stream_until_it_fails;
  run();
  EXPECT_TRUE(exchange.finished);
  EXPECT_EQ(exchange.said.size(), 5000U);
}

TEST_F(HandOver, a_failed_write_reaches_the_handler) {
  exchange.writes_until_gone = 3;
  handler.answer = stream_until_it_fails;
  run();
  EXPECT_FALSE(exchange.finished);
  EXPECT_EQ(exchange.said, "line\nline\nline\n");
}

TEST_F(HandOver, a_client_that_leaves_cancels_what_is_under_way_there) {
  exchange.writes_until_gone = 1;
  handler.answer = wait_until_it_leaves;
  run();
  EXPECT_TRUE(exchange.gone.cancelled());
}

TEST_F(HandOver, a_client_that_leaves_when_the_handler_has_ended_hurts_nobody) {
  handler.answer = ignore_that_it_left;
  run();
  exchange.gone.cancel();
}

TEST_F(HandOver, an_exception_of_the_handler_is_the_exchanges_own) {
  handler.answer = break_down;
  EXPECT_THROW(run(), std::runtime_error);
}

TEST_F(HandOver, the_door_leads_where_the_session_lives_and_sign_in_pages_to_the_first) {
  const SessionIds ids(Secret(std::string(32, 'k')));
  Answering mine;
  mine.answer = answer_whole;
  handler.answer = answer_whole;
  ShardDoor door({shards, 0}, ids);
  door.lead_to({&mine, &handler});
  const auto goes_to_the_other = [&](const http::Headers& headers, std::string target) {
    mine.ran_on = handler.ran_on = {};
    exchange.made.headers = headers;
    exchange.made.target = std::move(target);
    run_to_end(here, door.handle(exchange));
    EXPECT_NE(mine.ran_on == std::thread::id(), handler.ran_on == std::thread::id());
    return handler.ran_on == thread.get_id();
  };
  EXPECT_FALSE(goes_to_the_other({}, "/mcp"));
  EXPECT_FALSE(goes_to_the_other({{"Mcp-Session-Id", ids.make(0)}}, "/mcp"));
  EXPECT_TRUE(goes_to_the_other({{"mcp-session-id", ids.make(1)}}, "/mcp"));
  EXPECT_FALSE(goes_to_the_other({{"Mcp-Session-Id", ids.make(2)}}, "/mcp"));  // there is none
  EXPECT_FALSE(goes_to_the_other({{"Mcp-Session-Id", "made-up"}}, "/mcp"));
  EXPECT_TRUE(goes_to_the_other({}, "/mcp?sessionId=" + ids.make(1)));
  EXPECT_FALSE(goes_to_the_other({}, "/mcp?sessionId=" + ids.make(0)));
  EXPECT_FALSE(goes_to_the_other({}, "/connect/abc"));

  // The same from a second shard, for which the thread is the first.
  mine.ran_on = {};
  exchange.made.headers = {};
  exchange.made.target = "/oauth/callback?state=x";
  Shards turned{{there.get_executor(), other.get_executor()}};
  ShardDoor door_there({turned, 1}, ids);
  door_there.lead_to({&mine, &handler});
  run_to_end(other, door_there.handle(exchange));
  EXPECT_EQ(mine.ran_on, thread.get_id());
}

}  // namespace
}  // namespace gatehouse::gateway
