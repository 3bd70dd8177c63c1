#include "upstream/credential_authorizer.hpp"

#include <gtest/gtest.h>

#include "fakes/oauth_fixture.hpp"

namespace gatehouse::upstream {
namespace {

using namespace std::chrono_literals;

class CredentialAuthorizerTest : public fakes::OAuthFixture {
 protected:
  ~CredentialAuthorizerTest() override { run_to_end(context, tasks.shutdown()); }

  std::vector<mcp_client::Authorizer::Header> headers(vault::AuthKind auth) {
    connection.auth = auth;
    CredentialAuthorizer authorizer(std::make_shared<const vault::Connection>(connection), key,
                                    source);
    auto made = run(authorizer.headers());
    return made ? std::move(*made) : std::vector<mcp_client::Authorizer::Header>{};
  }

  TaskGroup tasks{context.get_executor(), logger};
  oauth_client::TokenSource source{store, http, clock, tasks, logger, sleep()};
};

TEST_F(CredentialAuthorizerTest, an_open_server_costs_one_look_into_the_store_not_one_per_call) {
  EXPECT_TRUE(headers(vault::AuthKind::none).empty());
  store.failures = {{"find", 100}};
  connection.headers = {{"X-Key", Secret("k")}};
  const auto again = headers(vault::AuthKind::none);  // fails when it asks the store
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].name, "X-Key");
}

TEST_F(CredentialAuthorizerTest, a_login_at_a_server_that_was_open_is_used_once_heard_of) {
  EXPECT_TRUE(headers(vault::AuthKind::none).empty());
  sign_in(1h);
  source.on_change(
      {.table = "credentials", .organization = key.organization, .id = connection.id.value});
  const auto signed_in = headers(vault::AuthKind::none);
  ASSERT_EQ(signed_in.size(), 1U);
  EXPECT_EQ(signed_in[0].value.reveal(), "Bearer at-0");
}

TEST_F(CredentialAuthorizerTest, a_server_that_wants_oauth_is_always_looked_up) {
  connection.auth = vault::AuthKind::oauth;
  CredentialAuthorizer authorizer(std::make_shared<const vault::Connection>(connection), key,
                                  source);
  EXPECT_EQ(run(authorizer.headers()).error().code, Errc::sign_in_required);
  sign_in(1h);  // by another process, whose change is not heard of yet
  EXPECT_TRUE(run(authorizer.headers()).has_value());
}

}  // namespace
}  // namespace gatehouse::upstream
