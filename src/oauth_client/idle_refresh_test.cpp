#include "oauth_client/idle_refresh.hpp"

#include <gtest/gtest.h>

#include "fakes/oauth_fixture.hpp"

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;

class IdleRefreshTest : public fakes::OAuthFixture {
 protected:
  IdleRefreshTest() {
    http.on(std::string("POST ") + kTokenUrl, 200, tokens("at-1", "rt-1"));
    listener_ =
        memory.changes().listen([this](const vault::Change& change) { idle.on_change(change); });
  }
  ~IdleRefreshTest() override { run(tasks.shutdown()); }

  /// One look, and what it started to its end.
  std::chrono::milliseconds look() {
    const auto wait = run(idle.look());
    context.restart();
    context.run();
    return wait;
  }
  int refreshes() const { return http.count("POST", kTokenUrl); }
  vault::Health health() {
    return run(memory.connections().load_state(local_organization(), connection.id))->health;
  }

  TaskGroup tasks{context.get_executor(), logger};
  TokenSource source{store, http, clock, tasks, logger, sleep()};
  IdleRefresh idle{{store, http, source, tasks, clock, logger}, local_organization()};

 private:
  std::shared_ptr<void> listener_;
};

TEST_F(IdleRefreshTest, a_login_that_nobody_uses_is_refreshed_before_it_expires) {
  sign_in(1h);
  EXPECT_EQ(look(), limits::kIdleRefreshLook);
  advance(3600s - 200s);
  EXPECT_EQ(refreshes(), 0);
  EXPECT_LE(look(), limits::kIdleRefreshLook);
  advance(80s);
  look();
  EXPECT_EQ(refreshes(), 1);
  EXPECT_EQ(stored().tokens.access_token.reveal(), "at-1");
  look();
  advance(60s);
  look();
  EXPECT_EQ(refreshes(), 1) << "the new pair lives for an hour";
}

TEST_F(IdleRefreshTest, it_goes_on_for_weeks) {
  sign_in(1h);
  int refused = 0;
  http.on(std::string("POST ") + kTokenUrl,
          [&, number = 0](const http::Request& request) mutable -> Result<http::Reply> {
            const std::string expected = "refresh_token=rt-" + std::to_string(number);
            if (request.body.find(expected) == std::string::npos) ++refused;
            ++number;
            return http::Reply{
                .status = 200,
                .body = tokens("at-" + std::to_string(number), "rt-" + std::to_string(number))};
          });
  for (int minute = 0; minute < 14 * 24 * 60; ++minute) {
    look();
    ASSERT_LT(clock.now(), *stored().tokens.expires_at);
    advance(60s);
  }
  EXPECT_EQ(refused, 0);
  EXPECT_NEAR(refreshes(), 14 * 24, 25);
}

TEST_F(IdleRefreshTest, of_unknown_expiry_nothing_is_assumed) {
  sign_in(std::nullopt);
  advance(24h * 30);
  look();
  EXPECT_EQ(refreshes(), 0);
}

TEST_F(IdleRefreshTest, a_disabled_connection_is_left_alone) {
  connection.options.enabled = false;
  ASSERT_TRUE(run(memory.connections().update(connection)));
  sign_in(10s);
  look();
  EXPECT_EQ(refreshes(), 0);
}

TEST_F(IdleRefreshTest, failures_back_off_and_the_login_is_kept) {
  sign_in(1h);
  http.on(std::string("POST ") + kTokenUrl, 503, "");
  advance(3600s - 120s);
  look();
  EXPECT_EQ(refreshes(), 1);
  for (int i = 0; i < 60; ++i) {
    advance(60s);
    look();
  }
  EXPECT_LE(refreshes(), 11);
  EXPECT_FALSE(stored().sign_in_required);
  EXPECT_EQ(health(), vault::Health::configured) << "an outage is not a person's business";
  http.on(std::string("POST ") + kTokenUrl, 200, tokens("at-1", "rt-1"));
  for (int i = 0; i < 21; ++i) {
    advance(60s);
    look();
  }
  EXPECT_EQ(stored().tokens.access_token.reveal(), "at-1");
}

TEST_F(IdleRefreshTest, a_login_that_has_ended_is_told_when_its_token_is_of_no_more_use) {
  sign_in(1h);
  http.on(std::string("POST ") + kTokenUrl, 400, R"({"error":"invalid_grant"})");
  advance(3600s - 120s);
  look();
  look();
  EXPECT_TRUE(stored().sign_in_required);
  EXPECT_EQ(health(), vault::Health::configured) << "the token still works";
  advance(120s);
  look();
  EXPECT_EQ(health(), vault::Health::sign_in_required);
  EXPECT_EQ(refreshes(), 1);
}

TEST_F(IdleRefreshTest, a_laptop_that_slept_through_the_expiry_refreshes_when_it_wakes) {
  sign_in(1h);
  look();
  advance(9h);
  look();
  EXPECT_EQ(refreshes(), 1);
  EXPECT_GT(*stored().tokens.expires_at, clock.now());
}

TEST_F(IdleRefreshTest, what_another_process_refreshed_is_not_refreshed_again) {
  sign_in(1h);
  look();
  advance(3600s - 120s);
  const auto row = stored();
  vault::TokenSet pair{.access_token = Secret("at-9"), .refresh_token = Secret("rt-9")};
  pair.obtained_at = clock.now();
  pair.expires_at = clock.now() + 1h;
  ASSERT_TRUE(run(memory.credentials().save_refreshed(key, row.version, row.epoch, pair)));
  look();
  EXPECT_EQ(refreshes(), 0);
}

TEST_F(IdleRefreshTest, a_secret_that_ends_soon_is_fetched_anew) {
  sign_in(1h);
  vault::Registration one = **run(memory.registrations().find(local_organization(), {"reg_1"}));
  one.client_secret = Secret("old");
  one.secret_expires_at = clock.now() + 10min;
  one.registration_client_uri = "https://as.example/register/client-0";
  one.registration_access_token = Secret("rat");
  ASSERT_TRUE(run(memory.registrations().update(one)));
  http.on("GET https://as.example/register/client-0", 200,
          R"({"client_id":"client-0","client_secret":"new","client_secret_expires_at":0})");
  advance(9min);
  look();
  const auto after = **run(memory.registrations().find(local_organization(), {"reg_1"}));
  EXPECT_EQ(after.client_secret.reveal(), "new");
  EXPECT_FALSE(after.secret_expires_at);
}

}  // namespace
}  // namespace gatehouse::oauth_client
