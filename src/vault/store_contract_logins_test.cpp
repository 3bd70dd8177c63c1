#include "base/limits.hpp"
#include "vault/store_contract.hpp"

namespace gatehouse::vault {
namespace {

class RegistrationContract : public StoreContract {
 protected:
  static Registration registration(std::string client_id) {
    return {.organization = local_organization(),
            .issuer = "https://as.example",
            .client_id = std::move(client_id),
            .client_secret = Secret("s"),
            .auth_method = "client_secret_basic",
            .redirect_uris = {"http://127.0.0.1:1/callback"},
            .registration_client_uri = "https://as.example/register/1",
            .registration_access_token = Secret("t")};
  }
  std::optional<Registration> current() {
    return run(registrations().find_current(local_organization(), "https://as.example",
                                            RegistrationKind::dynamic))
        .value();
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, RegistrationContract, kStores, store_name);

TEST_P(RegistrationContract, keeps_every_field) {
  Registration wanted = registration("c1");
  wanted.secret_expires_at = clock_.now() + 1h;
  wanted.private_key = Secret("pem");
  wanted.signing_algorithm = "EdDSA";
  wanted.key_id = "k1";
  const Registration saved = run(registrations().save(wanted, {})).value();
  const Registration read = current().value();
  EXPECT_EQ(read.id, saved.id);
  EXPECT_EQ(read.client_id, "c1");
  EXPECT_EQ(read.client_secret.reveal(), "s");
  EXPECT_EQ(read.auth_method, "client_secret_basic");
  EXPECT_EQ(read.redirect_uris, wanted.redirect_uris);
  EXPECT_EQ(read.secret_expires_at, wanted.secret_expires_at);
  EXPECT_EQ(read.registration_client_uri, "https://as.example/register/1");
  EXPECT_EQ(read.registration_access_token.reveal(), "t");
  EXPECT_EQ(read.private_key.reveal(), "pem");
  EXPECT_EQ(read.signing_algorithm, "EdDSA");
  EXPECT_EQ(read.key_id, "k1");
  EXPECT_EQ(read.created_at, clock_.now());
  EXPECT_EQ(read.revision, 1);
}

TEST_P(RegistrationContract, lets_the_first_writer_win) {
  const Registration first = run(registrations().save(registration("c1"), {})).value();
  EXPECT_EQ(code(run(registrations().save(registration("c2"), {}))), Errc::conflict);
  const Registration second = run(registrations().save(registration("c2"), first.id)).value();
  EXPECT_EQ(code(run(registrations().save(registration("c3"), first.id))), Errc::conflict);
  EXPECT_EQ(current()->client_id, "c2");
  // The older one stays while credentials refer to it.
  EXPECT_EQ(run(registrations().find(local_organization(), first.id)).value()->client_id, "c1");
  ASSERT_TRUE(run(registrations().erase(local_organization(), second.id)));
  EXPECT_EQ(current()->client_id, "c1");
  EXPECT_TRUE(run(registrations().erase(local_organization(), second.id)));
}

TEST_P(RegistrationContract, replaces_the_current_one_by_compare_and_set_on_revision) {
  Registration saved = run(registrations().save(registration("c1"), {})).value();
  saved.redirect_uris = {"http://127.0.0.1:2/callback"};
  const Registration updated = run(registrations().save(saved, saved.id)).value();
  EXPECT_EQ(updated.revision, 2);
  EXPECT_EQ(current()->redirect_uris, saved.redirect_uris);
  EXPECT_EQ(code(run(registrations().save(saved, saved.id))), Errc::conflict);
}

TEST_P(RegistrationContract, tells_issuers_kinds_and_organizations_apart) {
  const Registration saved = run(registrations().save(registration("c1"), {})).value();
  Registration other = registration("c2");
  other.kind = RegistrationKind::preregistered;
  EXPECT_TRUE(run(registrations().save(other, {})));
  other.issuer = "https://as.example/";
  EXPECT_TRUE(run(registrations().save(other, {})));
  EXPECT_EQ(current()->client_id, "c1");
  EXPECT_FALSE(run(registrations().find(other_organization_, saved.id)).value());
  EXPECT_FALSE(run(registrations().find_current(other_organization_, "https://as.example",
                                                RegistrationKind::dynamic))
                   .value());
  EXPECT_TRUE(run(registrations().erase(other_organization_, saved.id)));
  EXPECT_TRUE(current());
}

TEST_P(RegistrationContract, updates_any_of_them_by_compare_and_set_on_revision) {
  Registration first = run(registrations().save(registration("c1"), {})).value();
  ASSERT_TRUE(run(registrations().save(registration("c2"), first.id)));
  Registration stale = first;
  first.refused_at = clock_.now();
  first.claimed_at = clock_.now() + 1s;
  EXPECT_EQ(run(registrations().update(first)).value().revision, 2);
  const Registration read =
      run(registrations().find(local_organization(), first.id)).value().value();
  EXPECT_EQ(read.refused_at, first.refused_at);
  EXPECT_EQ(read.claimed_at, first.claimed_at);
  EXPECT_EQ(code(run(registrations().update(stale))), Errc::conflict);
  stale.organization = other_organization_;
  EXPECT_EQ(code(run(registrations().update(stale))), Errc::not_found);
  EXPECT_EQ(current()->client_id, "c2");
  EXPECT_EQ(run(registrations().list(local_organization())).value().size(), 2);
  EXPECT_TRUE(run(registrations().list(other_organization_)).value().empty());
}

TEST_P(RegistrationContract, erases_what_no_login_refers_to) {
  const RegistrationId id = run(registrations().save(registration("c1"), {})).value().id;
  const CredentialKey key = key_of(make_connection("notion"));
  Authorization pending{.id = AuthorizationId::make(),
                        .key = key,
                        .state_hash = "h",
                        .verifier = Secret("v"),
                        .binding = {.issuer = "https://as.example", .registration = id},
                        .created_at = clock_.now()};
  ASSERT_TRUE(run(authorizations().save(pending)));
  EXPECT_FALSE(run(registrations().erase_unused(local_organization(), id)).value());
  clock_.advance(limits::kAuthorizationLife);
  EXPECT_FALSE(run(registrations().erase_unused(other_organization_, id)).value());
  Credential held{.key = key,
                  .binding = {.issuer = "https://as.example", .registration = id},
                  .tokens = pair_of("a", "r")};
  ASSERT_TRUE(run(credentials().save_login(held, 0)));
  EXPECT_FALSE(run(registrations().erase_unused(local_organization(), id)).value());
  ASSERT_TRUE(run(credentials().end_login(key)));
  EXPECT_TRUE(run(registrations().erase_unused(local_organization(), id)).value());
  EXPECT_FALSE(current());
  EXPECT_FALSE(run(registrations().erase_unused(local_organization(), id)).value());
}

class AuthorizationContract : public StoreContract {
 protected:
  CredentialKey key_;
  void SetUp() override {
    StoreContract::SetUp();
    key_ = key_of(make_connection("notion"));
  }
  Authorization pending(std::string state, std::string account = "default") {
    Authorization authorization;
    authorization.id = AuthorizationId::make();
    authorization.key = key_;
    authorization.key.account = std::move(account);
    authorization.state_hash = std::move(state);
    authorization.verifier = Secret("v-" + authorization.state_hash);
    authorization.binding = {.issuer = "https://as.example", .resource = "https://mcp.example"};
    authorization.redirect_uri = "http://127.0.0.1:1/callback";
    authorization.requested_scope = "read";
    authorization.iss_advertised = true;
    authorization.dpop = true;
    authorization.epoch = 3;
    authorization.browser_hash = "b";
    authorization.created_at = clock_.now();
    return authorization;
  }
  bool is_pending(std::string state) {
    return run(authorizations().find(local_organization(), std::move(state))).value().has_value();
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, AuthorizationContract, kStores, store_name);

TEST_P(AuthorizationContract, is_looked_at_often_and_taken_once) {
  ASSERT_TRUE(run(authorizations().save(pending("s"))));
  EXPECT_TRUE(is_pending("s"));
  EXPECT_TRUE(is_pending("s"));
  const auto taken = run(authorizations().take(local_organization(), "s")).value();
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->key, key_);
  EXPECT_EQ(taken->verifier.reveal(), "v-s");
  EXPECT_EQ(taken->binding.issuer, "https://as.example");
  EXPECT_EQ(taken->redirect_uri, "http://127.0.0.1:1/callback");
  EXPECT_EQ(taken->requested_scope, "read");
  EXPECT_TRUE(taken->iss_advertised);
  EXPECT_TRUE(taken->dpop);
  EXPECT_EQ(taken->epoch, 3);
  EXPECT_EQ(taken->browser_hash, "b");
  EXPECT_EQ(taken->created_at, clock_.now());
  EXPECT_FALSE(run(authorizations().take(local_organization(), "s")).value());
  EXPECT_FALSE(is_pending("s"));
}

TEST_P(AuthorizationContract, retires_an_older_login_of_the_same_key_only) {
  ASSERT_TRUE(run(authorizations().save(pending("s1"))));
  ASSERT_TRUE(run(authorizations().save(pending("s2", "work"))));
  ASSERT_TRUE(run(authorizations().save(pending("s3"))));
  EXPECT_FALSE(is_pending("s1"));
  EXPECT_TRUE(is_pending("s2"));
  EXPECT_TRUE(is_pending("s3"));
}

TEST_P(AuthorizationContract, lives_ten_minutes) {
  ASSERT_TRUE(run(authorizations().save(pending("s"))));
  clock_.advance(limits::kAuthorizationLife - 1ms);
  EXPECT_TRUE(is_pending("s"));
  clock_.advance(1ms);
  EXPECT_FALSE(is_pending("s"));
  EXPECT_FALSE(run(authorizations().take(local_organization(), "s")).value());
}

TEST_P(AuthorizationContract, keeps_a_bounded_number_of_one_owner) {
  for (std::size_t i = 0; i <= limits::kPendingLogins; ++i) {
    const std::string number = std::to_string(i);
    ASSERT_TRUE(run(authorizations().save(pending("s" + number, "account" + number))));
  }
  EXPECT_FALSE(is_pending("s0"));
  EXPECT_TRUE(is_pending("s1"));
  EXPECT_TRUE(is_pending("s" + std::to_string(limits::kPendingLogins)));
}

TEST_P(AuthorizationContract, is_not_there_for_another_organization) {
  const Authorization mine = pending("s");
  ASSERT_TRUE(run(authorizations().save(mine)));
  EXPECT_FALSE(run(authorizations().find(other_organization_, "s")).value());
  EXPECT_FALSE(run(authorizations().take(other_organization_, "s")).value());
  EXPECT_TRUE(run(authorizations().erase(other_organization_, mine.id)));
  EXPECT_TRUE(is_pending("s"));
  ASSERT_TRUE(run(authorizations().erase(local_organization(), mine.id)));
  EXPECT_FALSE(is_pending("s"));
  Authorization forged = pending("s2");
  forged.key.organization = other_organization_;
  EXPECT_EQ(code(run(authorizations().save(forged))), Errc::not_found);
}

class AgentTokenContract : public StoreContract {
 protected:
  static AgentToken token(std::string hash) {
    return {.id = TokenId::make(),
            .organization = local_organization(),
            .member = local_member(),
            .name = "agent",
            .hash = std::move(hash),
            .scopes = {"mcp:read", "mcp:write"}};
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, AgentTokenContract, kStores, store_name);

TEST_P(AgentTokenContract, keeps_every_field) {
  AgentToken wanted = token("h");
  wanted.created_at = clock_.now();
  wanted.expires_at = clock_.now() + 1h;
  ASSERT_TRUE(run(agent_tokens().create(wanted)));
  const AgentToken read = run(agent_tokens().find_by_hash("h")).value().value();
  EXPECT_EQ(read.id, wanted.id);
  EXPECT_EQ(read.organization, local_organization());
  EXPECT_EQ(read.member, local_member());
  EXPECT_EQ(read.name, "agent");
  EXPECT_EQ(read.scopes, wanted.scopes);
  EXPECT_EQ(read.created_at, clock_.now());
  EXPECT_EQ(read.expires_at, wanted.expires_at);
  EXPECT_EQ(read.revoked_at, std::nullopt);
  EXPECT_FALSE(run(agent_tokens().find_by_hash("x")).value());
  EXPECT_EQ(code(run(agent_tokens().create(token("h")))), Errc::conflict);
}

TEST_P(AgentTokenContract, is_revoked_once_by_its_organization) {
  const AgentToken wanted = token("h");
  ASSERT_TRUE(run(agent_tokens().create(wanted)));
  ASSERT_TRUE(run(agent_tokens().create(token("h2"))));
  EXPECT_EQ(code(run(agent_tokens().revoke(other_organization_, wanted.id, clock_.now()))),
            Errc::not_found);
  EXPECT_TRUE(run(agent_tokens().list(other_organization_)).value().empty());
  const SystemTime first = clock_.now();
  ASSERT_TRUE(run(agent_tokens().revoke(local_organization(), wanted.id, first)));
  ASSERT_TRUE(run(agent_tokens().revoke(local_organization(), wanted.id, first + 1h)));
  const auto listed = run(agent_tokens().list(local_organization())).value();
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].revoked_at, first);
  EXPECT_EQ(listed[1].revoked_at, std::nullopt);
}

}  // namespace
}  // namespace gatehouse::vault
