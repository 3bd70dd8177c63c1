#include "gateway/call_limiter.hpp"

#include <gtest/gtest.h>

#include "fakes/gateway_fixture.hpp"

namespace gatehouse::gateway {
namespace {

using fakes::GatewayInside;
using fakes::MadeCall;

struct Limited {
  explicit Limited(CallLimitSettings settings = {}) : gateway(settings) {
    gateway.add_connection();
    gateway.server.call_result = R"({"content":[]})";
  }
  mcp_server::Reply search() {
    MadeCall call(gateway.caller(), "execute_capability",
                  R"({"name":"notes.search","arguments":{"query":"x"}})");
    return gateway.handle(call);
  }

  GatewayInside gateway;
};

const http::Response* refusal_of(const mcp_server::Reply& reply) {
  const auto* refusal = std::get_if<mcp_server::Reply::Refusal>(&reply.value);
  return refusal == nullptr ? nullptr : &refusal->response;
}

TEST(CallLimiter, a_token_that_calls_too_fast_is_answered_429_with_the_time_to_wait) {
  CallLimitSettings settings;
  settings.token.per_second = 0.5;
  settings.token.burst = 1;
  Limited limited(settings);
  EXPECT_EQ(refusal_of(limited.search()), nullptr);
  const mcp_server::Reply second = limited.search();
  ASSERT_NE(refusal_of(second), nullptr);
  EXPECT_EQ(refusal_of(second)->status, 429);
  EXPECT_EQ(refusal_of(second)->headers.find("Retry-After"), "2");
  EXPECT_NE(limited.gateway.text_of(second).find("limits.token_rate"), std::string::npos);
  limited.gateway.clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(refusal_of(limited.search()), nullptr);
}

TEST(CallLimiter, a_connection_has_a_rate_of_its_own) {
  CallLimitSettings settings;
  settings.connection.per_second = 1;
  settings.connection.burst = 1;
  Limited limited(settings);
  EXPECT_EQ(refusal_of(limited.search()), nullptr);
  const mcp_server::Reply second = limited.search();
  ASSERT_NE(refusal_of(second), nullptr);
  EXPECT_NE(limited.gateway.text_of(second).find("calls to notes"), std::string::npos);
  EXPECT_EQ(limited.gateway.audit.lines.back(), "call notes.search rate_limited");
}

TEST(CallLimiter, no_call_leaves_while_its_audit_line_would_be_lost) {
  Limited limited;
  EXPECT_EQ(refusal_of(limited.search()), nullptr);
  const std::size_t sent = limited.gateway.server.bodies.size();
  limited.gateway.audit.is_behind = true;
  const mcp_server::Reply reply = limited.search();
  ASSERT_NE(refusal_of(reply), nullptr);
  EXPECT_EQ(refusal_of(reply)->status, 429);
  EXPECT_EQ(limited.gateway.server.bodies.size(), sent);
  limited.gateway.audit.is_behind = false;
  EXPECT_EQ(refusal_of(limited.search()), nullptr);
}

}  // namespace
}  // namespace gatehouse::gateway
