#include <gtest/gtest.h>

#include "async/run.hpp"
#include "identity/agent_token.hpp"
#include "identity/decision.hpp"
#include "identity/token_cache.hpp"
#include "vault/memory_store.hpp"

namespace gatehouse::identity {
namespace {

using namespace std::chrono_literals;

TEST(AgentToken, has_prefix_and_checksum_and_is_stored_as_hash) {
  const NewAgentToken token = make_agent_token();
  const std::string text(token.text.reveal());
  EXPECT_TRUE(text.starts_with("gh_"));
  EXPECT_TRUE(looks_like_agent_token(text));
  EXPECT_EQ(hash_of_agent_token(text), token.hash);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string typo = text;
    typo[i] = typo[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(looks_like_agent_token(typo)) << i;
  }
  EXPECT_FALSE(looks_like_agent_token(""));
}

vault::Connection connection_of(const OrganizationId& organization) {
  vault::Connection connection;
  connection.organization = organization;
  return connection;
}

TEST(Decision, outside_the_organization_is_unknown_and_beyond_the_scope_is_named) {
  Principal principal;
  principal.organization = local_organization();
  principal.scopes = {"mcp:read"};
  const vault::Connection ours = connection_of(local_organization());
  EXPECT_EQ(decide(principal, ours, Access::read).verdict, Verdict::allow);
  EXPECT_EQ(decide(principal, ours, Access::write).verdict, Verdict::insufficient_scope);
  EXPECT_EQ(decide(principal, ours, Access::write).required_scope, "mcp:write");
  EXPECT_EQ(decide(principal, connection_of(OrganizationId{"org_other"}), Access::write).verdict,
            Verdict::unknown);
  principal.scopes = {"mcp:write"};
  EXPECT_EQ(decide(principal, ours, Access::read).verdict, Verdict::allow);
}

class TokenCacheTest : public testing::Test {
 protected:
  vault::AgentToken stored(const NewAgentToken& token) {
    vault::AgentToken row;
    row.id = TokenId::make();
    row.organization = local_organization();
    row.member = local_member();
    row.name = "agent";
    row.hash = token.hash;
    row.scopes = {"mcp:write"};
    row.created_at = clock.now();
    return row;
  }
  PrincipalPtr find(const NewAgentToken& token) {
    return run_to_end(context, cache.find(std::string(token.text.reveal()))).value();
  }

  boost::asio::io_context context;
  ManualClock clock;
  vault::MemoryStore store;
  TokenCache cache{store.agent_tokens(), clock};
};

TEST_F(TokenCacheTest, knows_a_token_after_the_first_lookup_until_a_change) {
  const NewAgentToken token = make_agent_token();
  vault::AgentToken row = stored(token);
  ASSERT_TRUE(run_to_end(context, store.agent_tokens().create(row)));
  EXPECT_FALSE(cache.find_cached(token.text.reveal()).has_value());
  ASSERT_NE(find(token), nullptr);
  ASSERT_TRUE(cache.find_cached(token.text.reveal()).has_value());
  ASSERT_TRUE(
      run_to_end(context, store.agent_tokens().revoke(row.organization, row.id, clock.now())));
  cache.on_change({1, "agent_tokens", row.organization, row.id.value});
  EXPECT_EQ(find(token), nullptr);
}

TEST_F(TokenCacheTest, refuses_expired_and_malformed_tokens) {
  const NewAgentToken token = make_agent_token();
  vault::AgentToken row = stored(token);
  row.expires_at = clock.now() + 1min;
  ASSERT_TRUE(run_to_end(context, store.agent_tokens().create(row)));
  ASSERT_NE(find(token), nullptr);
  clock.advance(1min);
  EXPECT_EQ(find(token), nullptr);
  EXPECT_EQ(cache.find_cached("gh_nonsense").value(), nullptr);
}

}  // namespace
}  // namespace gatehouse::identity
