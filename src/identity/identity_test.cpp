#include <gtest/gtest.h>

#include "async/run.hpp"
#include "base/limits.hpp"
#include "identity/agent_token.hpp"
#include "identity/decision.hpp"
#include "identity/token_cache.hpp"
#include "vault/feed_reader.hpp"
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
  EXPECT_EQ(text.size(), kAgentTokenSize);
}

TEST(AgentToken, says_what_is_wrong_with_it_and_never_repeats_it) {
  const std::string text(make_agent_token().text.reveal());
  const auto cut = check_agent_token(text.substr(0, 40));
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().detail, "a token has 52 characters, this has 40");
  EXPECT_EQ(check_agent_token("ghp_x").error().detail, "a token begins with gh_");
}

TEST(AgentToken, is_issued_with_known_scopes_and_a_future_expiry_and_stored_as_hash) {
  boost::asio::io_context context;
  const ManualClock clock;
  vault::MemoryStore store;
  const AgentTokenOrder good{.organization = local_organization(),
                             .member = local_member(),
                             .name = "laptop",
                             .scopes = {std::string(kReadScope)},
                             .expires_at = clock.now() + 1h};
  const auto issue = [&](const AgentTokenOrder& order) {
    return run_to_end(context, issue_agent_token(store.agent_tokens(), order, clock.now()));
  };
  const IssuedAgentToken issued = issue(good).value();
  const auto stored =
      run_to_end(context,
                 store.agent_tokens().find_by_hash(hash_of_agent_token(issued.token.reveal())))
          .value();
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->id, issued.record.id);
  std::vector<AgentTokenOrder> bad(5, good);
  bad[0].name = "";
  bad[1].name = "line\nbreak";
  bad[2].scopes = {};
  bad[3].scopes = {"mcp:admin"};
  bad[4].expires_at = clock.now();
  for (const AgentTokenOrder& order : bad)
    EXPECT_EQ(issue(order).error().code, Errc::invalid_argument);
}

TEST(AgentToken, is_judged_by_revocation_first_and_then_by_expiry) {
  const ManualClock clock;
  vault::AgentToken token;
  EXPECT_EQ(judge(token, clock.now()), TokenState::active);
  token.expires_at = clock.now();
  EXPECT_EQ(judge(token, clock.now()), TokenState::expired);
  token.revoked_at = clock.now();
  EXPECT_EQ(judge(token, clock.now()), TokenState::revoked);
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
  EXPECT_EQ(find(token)->expires_at, row.expires_at);
  clock.advance(1min);
  EXPECT_EQ(find(token), nullptr);
  EXPECT_EQ(cache.find_cached("gh_nonsense").value(), nullptr);
}

TEST_F(TokenCacheTest, remembers_bad_tokens_in_bounded_number_apart_from_good_ones) {
  const NewAgentToken good = make_agent_token();
  ASSERT_TRUE(run_to_end(context, store.agent_tokens().create(stored(good))));
  ASSERT_NE(find(good), nullptr);
  for (std::size_t i = 0; i < TokenCache::kMaxUnknown + 10; ++i)
    EXPECT_EQ(find(make_agent_token()), nullptr);
  EXPECT_LE(cache.size(), TokenCache::kMaxUnknown + 1);
  EXPECT_TRUE(cache.find_cached(good.text.reveal()).has_value());
}

TEST_F(TokenCacheTest, learns_of_a_token_that_was_unknown_before) {
  const NewAgentToken token = make_agent_token();
  EXPECT_EQ(find(token), nullptr);
  EXPECT_EQ(cache.find_cached(token.text.reveal()).value(), nullptr);
  const vault::AgentToken row = stored(token);
  ASSERT_TRUE(run_to_end(context, store.agent_tokens().create(row)));
  cache.on_change({1, "agent_tokens", row.organization, row.id.value});
  EXPECT_NE(find(token), nullptr);
}

TEST_F(TokenCacheTest, uses_nothing_cached_while_the_feed_is_silent) {
  NullLogger logger;
  vault::FeedReader feed(store.changes(), context.get_executor(), clock, logger);
  TokenCache guarded(store.agent_tokens(), clock, &feed);
  feed.subscribe([&](const vault::Change& change) { guarded.on_change(change); },
                 [&] { guarded.drop(); });
  ASSERT_TRUE(run_to_end(context, feed.start()));
  const NewAgentToken token = make_agent_token();
  const vault::AgentToken row = stored(token);
  ASSERT_TRUE(run_to_end(context, store.agent_tokens().create(row)));
  const std::string text(token.text.reveal());
  ASSERT_NE(run_to_end(context, guarded.find(text)).value(), nullptr);
  ASSERT_TRUE(guarded.find_cached(text).has_value());
  clock.advance(limits::kFeedSilence);
  EXPECT_FALSE(guarded.find_cached(text).has_value());
  // It reads through, and keeps nothing.
  EXPECT_NE(run_to_end(context, guarded.find(text)).value(), nullptr);
  EXPECT_FALSE(guarded.find_cached(text).has_value());
  ASSERT_TRUE(run_to_end(context, feed.poll()));
  EXPECT_TRUE(guarded.find_cached(text).has_value());
}

Task<> revoke_and_look(vault::AgentTokenStore& tokens, vault::AgentToken row, TokenCache& cache,
                       std::string text, bool& still_good) {
  (void)co_await tokens.revoke(row.organization, row.id, row.created_at);
  const auto cached = cache.find_cached(text);
  still_good = cached && *cached;
}

TEST_F(TokenCacheTest, forgets_a_revoked_token_before_its_revoker_goes_on) {
  NullLogger logger;
  vault::FeedReader feed(store.changes(), context.get_executor(), clock, logger);
  TokenCache guarded(store.agent_tokens(), clock, &feed);
  feed.subscribe([&](const vault::Change& change) { guarded.on_change(change); },
                 [&] { guarded.drop(); });
  ASSERT_TRUE(run_to_end(context, feed.start()));
  const NewAgentToken token = make_agent_token();
  const vault::AgentToken row = stored(token);
  ASSERT_TRUE(run_to_end(context, store.agent_tokens().create(row)));
  const std::string text(token.text.reveal());
  ASSERT_NE(run_to_end(context, guarded.find(text)).value(), nullptr);
  bool still_good = true;
  run_to_end(context, revoke_and_look(store.agent_tokens(), row, guarded, text, still_good));
  EXPECT_FALSE(still_good);
}

}  // namespace
}  // namespace gatehouse::identity
