#include "oauth_client/issuer_change.hpp"

#include <gtest/gtest.h>

#include "fakes/oauth_fixture.hpp"
#include "oauth_client/login.hpp"
#include "oauth_client/refresh.hpp"

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;

class IssuerChangeTest : public fakes::OAuthFixture {
 protected:
  IssuerChangeTest() {
    script_provider();
    name_servers(R"(["https://as.example"])");
    http.on("GET https://new.example/.well-known/oauth-authorization-server", 200,
            R"({"issuer":"https://new.example",)"
            R"("authorization_endpoint":"https://new.example/authorize",)"
            R"("token_endpoint":"https://new.example/token",)"
            R"("registration_endpoint":"https://new.example/register",)"
            R"("code_challenge_methods_supported":["S256"],)"
            R"("token_endpoint_auth_methods_supported":["none"]})");
    http.on("POST https://new.example/register", 201, R"({"client_id":"new-client"})");
  }

  void name_servers(const std::string& list) {
    http.on("GET https://mcp.example/.well-known/oauth-protected-resource/mcp", 200,
            R"({"resource":"https://mcp.example/mcp","authorization_servers":)" + list + "}");
  }
  Result<PendingLogin> begin(std::string issuer = {}) {
    LoginRequest request{.connection = connection,
                         .key = key,
                         .redirect_uri = kRedirect,
                         .challenges = std::vector<std::string>{"Bearer"},
                         .issuer = std::move(issuer)};
    return run(login.begin(std::move(request)));
  }
  int asked_of_the_new_one() const {
    int hits = 0;
    for (const auto& request : http.sent)
      hits += request.target.starts_with("https://new.example") ? 1 : 0;
    return hits;
  }

  Login login{store, http, clock, logger, {}};
};

TEST_F(IssuerChangeTest, a_first_login_goes_where_the_server_says) {
  name_servers(R"(["https://new.example"])");
  EXPECT_EQ(begin()->issuer, "https://new.example");
}

TEST_F(IssuerChangeTest, a_later_login_does_not_follow_without_a_word) {
  sign_in();
  name_servers(R"(["https://new.example"])");
  const auto refused = begin();
  EXPECT_EQ(refused.error().code, Errc::sign_in_required);
  EXPECT_NE(
      refused.error().detail.find("before \"https://as.example\", now \"https://new.example\""),
      std::string::npos)
      << refused.error().detail;
  EXPECT_NE(refused.error().hint.find("gatehouse login demo --issuer https://new.example"),
            std::string::npos);
  EXPECT_EQ(asked_of_the_new_one(), 0);
}

TEST_F(IssuerChangeTest, nor_does_one_after_a_logout) {
  sign_in();
  ASSERT_TRUE(run(memory.credentials().end_login(key)));
  name_servers(R"(["https://new.example"])");
  EXPECT_EQ(begin().error().code, Errc::sign_in_required);
}

TEST_F(IssuerChangeTest, nor_one_whose_issuer_was_chosen_before) {
  connection.oauth.issuer = kIssuer;
  name_servers(R"(["https://new.example"])");
  EXPECT_EQ(begin().error().code, Errc::sign_in_required);
  EXPECT_EQ(asked_of_the_new_one(), 0) << "nothing is asked of it before the person agreed";
}

TEST_F(IssuerChangeTest, with_the_persons_word_it_follows) {
  sign_in();
  name_servers(R"(["https://new.example"])");
  EXPECT_EQ(begin("https://new.example")->issuer, "https://new.example");
}

TEST_F(IssuerChangeTest, a_further_authorization_server_changes_nothing) {
  sign_in();
  name_servers(R"(["https://new.example","https://as.example"])");
  EXPECT_EQ(begin()->issuer, kIssuer);
}

TEST_F(IssuerChangeTest, another_url_is_another_server) {
  sign_in();
  connection.url = "https://mcp.example/other";
  http.on("GET https://mcp.example/.well-known/oauth-protected-resource/other", 200,
          R"({"resource":"https://mcp.example/other",)"
          R"("authorization_servers":["https://new.example"]})");
  EXPECT_EQ(begin()->issuer, "https://new.example");
}

TEST_F(IssuerChangeTest, a_hostile_name_is_no_command) {
  const Error error = describe_change({kIssuer, {"https://x.example/$(reboot)`"}}, "demo");
  EXPECT_NE(error.hint.find("--issuer URL`"), std::string::npos) << error.hint;
}

TEST_F(IssuerChangeTest, a_refresh_stays_where_the_login_was_made) {
  sign_in(10s);
  advance(20s);
  name_servers(R"(["https://new.example"])");
  Refresher refresher(store, http, clock, logger, sleep());
  const vault::Credential row = stored();
  EXPECT_TRUE(run(refresher.refresh({.key = key,
                                     .connection_name = "demo",
                                     .goal = {row.version, row.epoch, RefreshReason::ahead, ""}})));
  EXPECT_EQ(asked_of_the_new_one(), 0);
}

}  // namespace
}  // namespace gatehouse::oauth_client
