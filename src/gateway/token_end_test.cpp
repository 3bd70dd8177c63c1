// What is open for a token ends with it, at every endpoint.
#include <gtest/gtest.h>

#include "fakes/fake_exchange.hpp"
#include "fakes/gateway_fixture.hpp"
#include "gateway/gateway.hpp"
#include "identity/agent_token.hpp"
#include "oauth_client/login.hpp"

namespace gatehouse::gateway {
namespace {

using namespace std::chrono_literals;

struct OpenStream {
  explicit OpenStream(http::Request request) : exchange(std::move(request)) {}
  fakes::FakeExchange exchange;
  bool done = false;
};

class TokenEnd : public testing::Test {
 protected:
  TokenEnd() {
    inside.add_connection();
    feed = inside.store.changes().listen([this](const vault::Change& change) {
      tokens.on_change(change);
      gateway.on_change(change);
    });
  }
  ~TokenEnd() override {
    feed.reset();
    gateway.end_streams();
    inside.run(inside.upstreams.shutdown(50ms));
    inside.run(inside.tasks.shutdown());
  }

  vault::AgentToken make_token(std::optional<SystemTime> expires_at = {}) {
    identity::NewAgentToken made = identity::make_agent_token();
    vault::AgentToken row;
    row.id = TokenId::make();
    row.organization = local_organization();
    row.member = local_member();
    row.name = "agent";
    row.hash = made.hash;
    row.scopes = {"mcp:write"};
    row.created_at = inside.clock.now();
    row.expires_at = expires_at;
    EXPECT_TRUE(inside.run(inside.store.agent_tokens().create(row)));
    text = std::string(made.text.reveal());
    return row;
  }

  /// With the token made last.
  std::unique_ptr<OpenStream> listen(std::string_view path) {
    http::Request request{
        "POST",
        std::string(path),
        {},
        R"({"jsonrpc":"2.0","id":7,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})"};
    request.headers = {{"Host", "127.0.0.1:8484"},
                       {"Content-Type", "application/json"},
                       {"Accept", "application/json, text/event-stream"},
                       {"Authorization", "Bearer " + text},
                       {"MCP-Protocol-Version", "2026-07-28"},
                       {"Mcp-Method", "subscriptions/listen"}};
    auto open = std::make_unique<OpenStream>(std::move(request));
    start(inside.context.get_executor(), gateway.handle(open->exchange),
          [stream = open.get()](const std::exception_ptr&) { stream->done = true; });
    wait_until([&] { return open->done || open->exchange.response.body.contains("acknowledged"); });
    EXPECT_FALSE(open->done) << path << open->exchange.response.body;
    return open;
  }
  template <class Predicate>
  void wait_until(Predicate predicate) {
    inside.context.restart();
    while (!predicate() && inside.context.run_one() > 0) {
    }
    EXPECT_TRUE(predicate());
  }

  fakes::GatewayInside inside;
  oauth_client::Login login{inside.store, inside.server, inside.clock, inside.log, {}};
  identity::TokenCache tokens{inside.store.agent_tokens(), inside.clock};
  Gateway gateway{{inside.context.get_executor(), inside.store, login, inside.upstreams, tokens,
                   inside.budgets, inside.tasks, inside.log, inside.audit, inside.clock},
                  {.version = "0.1.0",
                   .authorities = {"127.0.0.1:8484"},
                   .state_keys = fixed_state_key(Secret(std::string(32, 'k')), "k1")}};
  std::string text;
  std::shared_ptr<void> feed;
};

constexpr std::array<std::string_view, 3> kEndpoints{"/mcp", "/mcp/all", "/mcp/c/notes"};

TEST_F(TokenEnd, a_revoked_token_ends_what_it_listens_to_at_every_endpoint) {
  const vault::AgentToken revoked = make_token();
  std::vector<std::unique_ptr<OpenStream>> open;
  for (const std::string_view path : kEndpoints) open.push_back(listen(path));
  make_token();
  const auto other = listen("/mcp");
  ASSERT_TRUE(inside.run(
      inside.store.agent_tokens().revoke(revoked.organization, revoked.id, inside.clock.now())));
  wait_until([&] { return std::ranges::all_of(open, [](const auto& one) { return one->done; }); });
  EXPECT_FALSE(other->done);
  gateway.end_streams();
  wait_until([&] { return other->done; });
}

TEST_F(TokenEnd, an_expired_token_ends_what_it_listens_to_at_every_endpoint) {
  make_token(inside.clock.now() + 50ms);
  std::vector<std::unique_ptr<OpenStream>> open;
  for (const std::string_view path : kEndpoints) open.push_back(listen(path));
  make_token(inside.clock.now() + 1h);
  const auto other = listen("/mcp/all");
  inside.clock.advance(50ms);
  wait_until([&] { return std::ranges::all_of(open, [](const auto& one) { return one->done; }); });
  EXPECT_FALSE(other->done);
  gateway.end_streams();
  wait_until([&] { return other->done; });
}

}  // namespace
}  // namespace gatehouse::gateway
