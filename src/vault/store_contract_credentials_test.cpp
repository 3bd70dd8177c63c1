#include <thread>

#include "vault/store_contract.hpp"

namespace gatehouse::vault {
namespace {

class CredentialContract : public StoreContract {
 protected:
  CredentialKey key_;
  void SetUp() override {
    StoreContract::SetUp();
    key_ = key_of(make_connection("notion"));
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, CredentialContract, kStores, store_name);

TEST_P(CredentialContract, keeps_every_field_of_a_login) {
  Credential credential;
  credential.key = key_;
  credential.binding = {.issuer = "https://as.example",
                        .resource = "https://mcp.example",
                        .registration = {"reg_1"},
                        .token_endpoint = "https://as.example/token",
                        .revocation_endpoint = "https://as.example/revoke",
                        .server_url = "https://mcp.example/mcp"};
  credential.tokens = {.access_token = Secret("access"),
                       .refresh_token = Secret("refresh"),
                       .expires_at = clock_.now() + 1h,
                       .obtained_at = clock_.now(),
                       .scope = "read"};
  credential.requested_scope = "read write";
  credential.subject = "ada";
  const Credential saved = run(credentials().save_login(credential, 0)).value();
  EXPECT_EQ(saved.epoch, 1);
  EXPECT_EQ(saved.version, 1);
  const Credential read = found(key_);
  EXPECT_EQ(read.key, key_);
  EXPECT_EQ(read.binding, credential.binding);
  EXPECT_EQ(read.tokens.access_token.reveal(), "access");
  EXPECT_EQ(read.tokens.refresh_token.reveal(), "refresh");
  EXPECT_EQ(read.tokens.expires_at, clock_.now() + 1h);
  EXPECT_EQ(read.tokens.obtained_at, clock_.now());
  EXPECT_EQ(read.tokens.scope, "read");
  EXPECT_EQ(read.requested_scope, "read write");
  EXPECT_EQ(read.subject, "ada");
  EXPECT_EQ(read.epoch, 1);
  EXPECT_FALSE(read.sign_in_required);
}

TEST_P(CredentialContract, keeps_key_and_id_token_through_a_refresh_and_forgets_them_at_logout) {
  Credential credential;
  credential.key = key_;
  credential.tokens = {.access_token = Secret("a1"),
                       .refresh_token = Secret("r1"),
                       .token_type = "DPoP",
                       .id_token = Secret("id1")};
  credential.dpop_key = Secret("pem");
  ASSERT_TRUE(run(credentials().save_login(credential, 0)));
  EXPECT_EQ(found(key_).tokens.token_type, "DPoP");
  EXPECT_EQ(found(key_).tokens.id_token.reveal(), "id1");
  EXPECT_EQ(found(key_).dpop_key.reveal(), "pem");
  const TokenSet next{.access_token = Secret("a2"), .token_type = "DPoP"};
  ASSERT_TRUE(run(credentials().save_refreshed(key_, 1, 1, next)));
  EXPECT_EQ(found(key_).tokens.access_token.reveal(), "a2");
  EXPECT_EQ(found(key_).tokens.id_token.reveal(), "id1");
  EXPECT_EQ(found(key_).dpop_key.reveal(), "pem");
  EXPECT_EQ(run(credentials().end_login(key_)).value()->dpop_key.reveal(), "pem");
  EXPECT_TRUE(found(key_).tokens.id_token.empty());
  EXPECT_TRUE(found(key_).dpop_key.empty());
}

TEST_P(CredentialContract, tells_owners_accounts_and_organizations_apart) {
  CredentialKey mine = key_;
  mine.owner = MemberId{"mem_1"};
  CredentialKey second = mine;
  second.account = "work";
  login(key_, 0, "shared");
  login(mine, 0, "mine");
  login(second, 0, "second");
  EXPECT_EQ(found(key_).tokens.access_token.reveal(), "shared");
  EXPECT_EQ(found(mine).tokens.access_token.reveal(), "mine");
  EXPECT_EQ(found(second).tokens.access_token.reveal(), "second");
  const auto keys = run(credentials().list(local_organization(), key_.connection)).value();
  EXPECT_EQ(keys, (std::vector<CredentialKey>{key_, mine, second}));

  CredentialKey foreign = key_;
  foreign.organization = other_organization_;
  EXPECT_FALSE(run(credentials().find(foreign)).value());
  EXPECT_TRUE(run(credentials().list(other_organization_, {})).value().empty());
  EXPECT_EQ(code(run(credentials().acquire_lease(foreign, "h", 1s))), Errc::not_found);
  EXPECT_EQ(code(run(credentials().mark_attempt(foreign, 1, 1, clock_.now()))), Errc::conflict);
  EXPECT_EQ(code(run(credentials().save_refreshed(foreign, 1, 1, pair_of("x", "y")))),
            Errc::conflict);
  EXPECT_EQ(code(run(credentials().require_sign_in(foreign, 1, 1, "x"))), Errc::conflict);
  EXPECT_FALSE(run(credentials().end_login(foreign)).value());
  Credential forged;
  forged.key = foreign;
  EXPECT_EQ(code(run(credentials().save_login(forged, 0))), Errc::not_found);
  EXPECT_EQ(found(key_).tokens.access_token.reveal(), "shared");
}

TEST_P(CredentialContract, saves_a_login_only_under_the_expected_epoch) {
  const Credential first = login(key_);
  Credential late = first;
  EXPECT_EQ(code(run(credentials().save_login(late, 0))), Errc::conflict);
  EXPECT_EQ(code(run(credentials().save_login(late, 2))), Errc::conflict);
  ASSERT_TRUE(run(credentials().mark_attempt(key_, 1, 1, clock_.now())));
  ASSERT_TRUE(run(credentials().require_sign_in(key_, 1, 1, "revoked")));
  const Credential second = login(key_, 1, "a2");
  EXPECT_EQ(second.epoch, 2);
  EXPECT_EQ(second.version, 2);
  const Credential read = found(key_);
  EXPECT_FALSE(read.sign_in_required);
  EXPECT_EQ(read.sign_in_reason, "");
  EXPECT_EQ(read.attempts, 0);
  EXPECT_EQ(read.last_attempt_at, std::nullopt);
}

TEST_P(CredentialContract, lets_one_holder_have_the_lease_until_it_ends) {
  login(key_);
  const auto first = run(credentials().acquire_lease(key_, "one", 10s)).value();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->holder, "one");
  EXPECT_EQ(first->credential.tokens.access_token.reveal(), "a1");
  EXPECT_FALSE(run(credentials().acquire_lease(key_, "two", 10s)).value());
  EXPECT_TRUE(run(credentials().acquire_lease(key_, "one", 10s)).value());
  ASSERT_TRUE(run(credentials().release_lease(key_, "two")));
  EXPECT_FALSE(run(credentials().acquire_lease(key_, "two", 10s)).value());
  ASSERT_TRUE(run(credentials().release_lease(key_, "one")));
  EXPECT_TRUE(run(credentials().acquire_lease(key_, "two", 10s)).value());
}

TEST_P(CredentialContract, times_the_lease_by_the_boot_clock_and_not_the_wall_clock) {
  login(key_);
  ASSERT_TRUE(run(credentials().acquire_lease(key_, "one", 10s)).value());
  clock_.jump(24h);
  EXPECT_FALSE(run(credentials().acquire_lease(key_, "two", 10s)).value());
  boot_.advance(9999ms);
  EXPECT_FALSE(run(credentials().acquire_lease(key_, "two", 10s)).value());
  boot_.advance(1ms);
  EXPECT_TRUE(run(credentials().acquire_lease(key_, "two", 10s)).value());
}

TEST_P(CredentialContract, ends_every_lease_at_a_reboot) {
  login(key_);
  ASSERT_TRUE(run(credentials().acquire_lease(key_, "one", 10s)).value());
  boot_.reboot("boot-2");
  EXPECT_TRUE(run(credentials().acquire_lease(key_, "two", 10s)).value());
}

TEST_P(CredentialContract, has_no_lease_without_a_row) {
  EXPECT_EQ(code(run(credentials().acquire_lease(key_, "one", 10s))), Errc::not_found);
  EXPECT_TRUE(run(credentials().release_lease(key_, "one")));
}

TEST_P(CredentialContract, counts_attempts_and_takes_back_what_changed_nothing) {
  login(key_);
  ASSERT_TRUE(run(credentials().mark_attempt(key_, 1, 1, clock_.now())));
  ASSERT_TRUE(run(credentials().mark_attempt(key_, 1, 1, clock_.now())));
  EXPECT_EQ(found(key_).attempts, 2);
  EXPECT_EQ(found(key_).last_attempt_at, clock_.now());
  EXPECT_EQ(code(run(credentials().mark_attempt(key_, 2, 1, clock_.now()))), Errc::conflict);
  EXPECT_EQ(code(run(credentials().mark_attempt(key_, 1, 2, clock_.now()))), Errc::conflict);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(run(credentials().settle_attempt(key_, 1, 1)));
  EXPECT_EQ(found(key_).attempts, 0);
  ASSERT_TRUE(run(credentials().mark_attempt(key_, 1, 1, clock_.now())));
  ASSERT_TRUE(run(credentials().settle_attempt(key_, 7, 1)));
  EXPECT_EQ(found(key_).attempts, 1);
}

TEST_P(CredentialContract, stores_a_new_pair_by_compare_and_set_with_or_without_lease) {
  login(key_);
  ASSERT_TRUE(run(credentials().mark_attempt(key_, 1, 1, clock_.now())));
  EXPECT_EQ(code(run(credentials().save_refreshed(key_, 2, 1, pair_of("x", "y")))), Errc::conflict);
  EXPECT_EQ(code(run(credentials().save_refreshed(key_, 1, 2, pair_of("x", "y")))), Errc::conflict);
  const Credential saved =
      run(credentials().save_refreshed(key_, 1, 1, pair_of("a2", "r2"))).value();
  EXPECT_EQ(saved.version, 2);
  EXPECT_EQ(saved.epoch, 1);
  EXPECT_EQ(saved.attempts, 0);
  EXPECT_EQ(saved.binding.issuer, "https://as.example");
  EXPECT_EQ(found(key_).tokens.refresh_token.reveal(), "r2");
  EXPECT_EQ(code(run(credentials().save_refreshed(key_, 1, 1, pair_of("x", "y")))), Errc::conflict);
}

TEST_P(CredentialContract, keeps_the_refresh_token_when_the_new_set_has_none) {
  login(key_);
  ASSERT_TRUE(run(credentials().save_refreshed(key_, 1, 1, pair_of("a2", ""))));
  EXPECT_EQ(found(key_).tokens.access_token.reveal(), "a2");
  EXPECT_EQ(found(key_).tokens.refresh_token.reveal(), "r1");
}

TEST_P(CredentialContract, keeps_the_row_when_a_person_must_sign_in) {
  login(key_);
  EXPECT_EQ(code(run(credentials().require_sign_in(key_, 2, 1, "x"))), Errc::conflict);
  ASSERT_TRUE(run(credentials().require_sign_in(key_, 1, 1, "the provider refused")));
  const Credential read = found(key_);
  EXPECT_TRUE(read.sign_in_required);
  EXPECT_EQ(read.sign_in_reason, "the provider refused");
  EXPECT_EQ(read.tokens.refresh_token.reveal(), "r1");
}

TEST_P(CredentialContract, forgets_the_tokens_at_logout_and_keeps_the_epoch) {
  EXPECT_FALSE(run(credentials().end_login(key_)).value());
  EXPECT_EQ(run(credentials().find_epoch(key_)).value(), 0);
  login(key_);
  const auto held = run(credentials().end_login(key_)).value();
  ASSERT_TRUE(held);
  EXPECT_EQ(held->tokens.refresh_token.reveal(), "r1");
  EXPECT_EQ(held->binding.issuer, "https://as.example");
  const Credential read = found(key_);
  EXPECT_TRUE(read.tokens.access_token.empty());
  EXPECT_TRUE(read.tokens.refresh_token.empty());
  EXPECT_EQ(read.epoch, 2);
  EXPECT_EQ(run(credentials().find_epoch(key_)).value(), 2);
  EXPECT_TRUE(run(credentials().list(local_organization(), {})).value().empty());
  EXPECT_FALSE(run(credentials().end_login(key_)).value());
  // A refresh that was under way comes too late.
  EXPECT_EQ(code(run(credentials().save_refreshed(key_, 1, 1, pair_of("x", "y")))), Errc::conflict);
  login(key_, found(key_).epoch, "again");
  EXPECT_EQ(found(key_).tokens.access_token.reveal(), "again");
}

void refresh_often(boost::asio::io_context& context, CredentialStore& store, CredentialKey key,
                   int times) {
  for (int done = 0; done < times;) {
    const auto row = run_to_end(context, store.find(key)).value().value();
    const std::string next = std::to_string(row.version + 1);
    TokenSet tokens{.access_token = Secret("a" + next), .refresh_token = Secret("r" + next)};
    const auto saved =
        run_to_end(context, store.save_refreshed(key, row.version, row.epoch, std::move(tokens)));
    if (saved) ++done;
  }
}

TEST_P(CredentialContract, loses_no_update_of_several_threads) {
  login(key_);
  {
    std::vector<std::jthread> threads;
    for (auto& context : thread_contexts_)
      threads.emplace_back([&] { refresh_often(context, credentials(), key_, 25); });
  }
  const Credential read = found(key_);
  EXPECT_EQ(read.version, 101);
  EXPECT_EQ(read.tokens.access_token.reveal(), "a101");
}

}  // namespace
}  // namespace gatehouse::vault
