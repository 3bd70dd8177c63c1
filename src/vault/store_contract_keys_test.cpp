// What every Store promises about its master keys: a rotation changes no record, and nobody who
// works meanwhile notices.
#include "vault/rotate_keys.hpp"
#include "vault/store_contract.hpp"

namespace gatehouse::vault {
namespace {

class Keys : public StoreContract {
 protected:
  KeyStore& keys() { return store_->keys(); }
  KeyState state_of(const MasterKey& key) {
    for (const KeyRecord& record : run(keys().inventory()).value().keys) {
      if (record.id == key.id()) return record.state;
    }
    ADD_FAILURE() << "the store does not know the key";
    return KeyState::retired;
  }
  void reseal_all() {
    for (ResealStep step; !step.done;) step = run(keys().reseal(step.next, 2)).value();
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, Keys, kStores, store_name);

TEST_P(Keys, take_each_others_place_and_leave_every_record_as_it_was) {
  Connection connection;
  connection.organization = local_organization();
  connection.name = "a";
  connection.url = "https://a.example";
  connection.headers = {{"X-Key", Secret("h1"), {}}, {"X-Ref", {}, "${env:A}"}};
  connection.oauth.client_secret = Secret("c1");
  const Connection created = run(connections().create(connection)).value();
  login(key_of(created));
  ASSERT_TRUE(run(
      authorizations().save({.key = key_of(created), .state_hash = "s", .verifier = Secret("v")})));
  const Registration registration =
      run(registrations().save(
              {.organization = local_organization(), .issuer = "i", .client_secret = Secret("r1")},
              {}))
          .value();

  const MasterKey next = test_key('n');
  ASSERT_TRUE(run(keys().begin(next)));
  ASSERT_TRUE(run(keys().begin(next))) << "taken up again";
  reseal_all();
  ASSERT_TRUE(run(keys().finish()));

  EXPECT_EQ(state_of(next), KeyState::current);
  const Connection found = run(connections().find(local_organization(), "a")).value().value();
  EXPECT_EQ(found.secrets_problem, "");
  EXPECT_EQ(found.headers[0].value.reveal(), "h1");
  EXPECT_EQ(found.headers[1].reference, "${env:A}");
  EXPECT_EQ(found.oauth.client_secret.reveal(), "c1");
  EXPECT_EQ(found.revision, created.revision);
  const Credential credential = this->found(key_of(created));
  EXPECT_EQ(credential.tokens.refresh_token.reveal(), "r1");
  EXPECT_EQ(credential.version, 1);
  EXPECT_EQ(run(authorizations().take(local_organization(), "s")).value()->verifier.reveal(), "v");
  EXPECT_EQ(run(registrations().find(local_organization(), registration.id))
                .value()
                ->client_secret.reveal(),
            "r1");
  EXPECT_TRUE(run(keys().inventory()).value().unreadable.empty());
}

TEST_P(Keys, do_not_come_back_once_retired) {
  const MasterKey first = test_key('1');
  ASSERT_TRUE(run(keys().begin(first)));
  ASSERT_TRUE(run(keys().begin(test_key('2'))));
  EXPECT_EQ(state_of(first), KeyState::older);
  ASSERT_TRUE(run(keys().finish()));
  EXPECT_EQ(state_of(first), KeyState::retired);
  EXPECT_EQ(code(run(keys().begin(first))), Errc::policy);
}

TEST_P(Keys, replaced_under_a_refresh_cost_no_version) {
  const Connection connection = make_connection("a");
  const Credential before = login(key_of(connection));
  const auto lease = run(credentials().acquire_lease(key_of(connection), "h", 45s)).value();
  ASSERT_TRUE(lease);
  ASSERT_TRUE(run(keys().begin(test_key('n'))));
  ASSERT_TRUE(run(credentials().mark_attempt(key_of(connection), before.version, before.epoch,
                                             SystemTime{1ms})));
  reseal_all();
  ASSERT_TRUE(run(credentials().save_refreshed(key_of(connection), before.version, before.epoch,
                                               pair_of("a2", "r2"))));
  ASSERT_TRUE(run(keys().finish()));
  EXPECT_EQ(found(key_of(connection)).tokens.refresh_token.reveal(), "r2");
}

}  // namespace
}  // namespace gatehouse::vault
