#include "gateway/retry_door.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "async/run.hpp"
#include "fakes/gateway_fixture.hpp"
#include "gateway/request_state.hpp"

namespace gatehouse::gateway {
namespace {

/// Keeps what it saw of a call, and on which thread.
class Looking final : public mcp_server::Service {
 public:
  std::thread::id ran_on;
  std::string level;
  std::optional<mcp_server::Reply::Failure> problem;

  Task<mcp_server::ServerDescription> describe(const mcp_server::Caller&) override {
    co_return mcp_server::ServerDescription{};
  }
  Task<mcp_server::Reply> handle(mcp_server::Call& call) override {
    ran_on = std::this_thread::get_id();
    level = call.log_level();
    problem = call.check_param_headers({});
    co_return mcp_server::Reply{};
  }
};

struct RetryDoorTest : testing::Test {
  RetryDoorTest() : guard(there.get_executor()), thread([this] { there.run(); }) {
    routes.place.emplace(shards, 0U);
    routes.find = [this](std::size_t, std::string_view, const mcp_server::Caller&) { return &far; };
  }
  ~RetryDoorTest() override {
    guard.reset();
    thread.join();
  }
  static std::string state_on(std::size_t shard) {
    RequestState state;
    state.kind = RequestState::Kind::parked;
    state.shard = shard;
    state.parked = "call";
    return RequestStateSealer(fixed_state_key(Secret(std::string(32, 'k')), "k1")).seal(state);
  }

  boost::asio::io_context here{1};
  boost::asio::io_context there{1};
  Shards shards{{here.get_executor(), there.get_executor()}};
  boost::asio::executor_work_guard<Executor> guard;
  std::thread thread;
  Looking near;
  Looking far;
  RetryRoutes routes;
  RetryDoor door{near, "/mcp", routes};
};

TEST_F(RetryDoorTest, a_call_on_another_shard_has_its_log_level_and_its_headers_there_too) {
  identity::Principal principal;
  principal.organization = local_organization();
  principal.member = local_member();
  fakes::MadeCall call(make_caller(std::move(principal)), "search", "{}");
  call.used_log_level = "warning";
  call.header_problem = mcp_server::Reply::Failure{-32020, "no such header", {}, 400};
  call.state = state_on(1);
  run_to_end(here, door.handle(call));
  EXPECT_EQ(far.ran_on, thread.get_id());
  EXPECT_EQ(far.level, "warning");
  ASSERT_TRUE(far.problem);
  EXPECT_EQ(far.problem->code, -32020);
  call.state = state_on(0);
  run_to_end(here, door.handle(call));
  EXPECT_EQ(near.ran_on, std::this_thread::get_id());
}

}  // namespace
}  // namespace gatehouse::gateway
