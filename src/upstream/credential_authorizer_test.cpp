#include "upstream/credential_authorizer.hpp"

#include <gtest/gtest.h>

#include "fakes/oauth_fixture.hpp"

namespace gatehouse::upstream {
namespace {

using namespace std::chrono_literals;

class CredentialAuthorizerTest : public fakes::OAuthFixture {
 protected:
  ~CredentialAuthorizerTest() override { run_to_end(context, tasks.shutdown()); }

  CredentialAuthorizer make(vault::SecretResolver resolver = nullptr) {
    const auto shared = std::make_shared<const vault::Connection>(connection);
    return {shared, key, source, std::make_shared<FixedHeaders>(shared, resolver, tasks, clock)};
  }

  std::vector<mcp_client::Authorizer::Header> headers(vault::AuthKind auth) {
    connection.auth = auth;
    CredentialAuthorizer authorizer = make();
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
  CredentialAuthorizer authorizer = make();
  EXPECT_EQ(run(authorizer.headers()).error().code, Errc::sign_in_required);
  sign_in(1h);  // by another process, whose change is not heard of yet
  EXPECT_TRUE(run(authorizer.headers()).has_value());
}

// Counts how often a reference is read, and answers with `value`.
struct Reading {
  static Task<Result<Secret>> read(Reading* self, std::string reference) {
    ++self->count;
    if (self->value.empty()) co_return fail(Errc::not_found, reference + " is not set", "set it");
    co_return Secret(self->value);
  }
  vault::SecretResolver resolver() {
    return [this](std::string reference) { return read(this, std::move(reference)); };
  }
  std::string value = "one";
  int count = 0;
};

TEST_F(CredentialAuthorizerTest, a_reference_is_read_once_and_again_only_after_a_refusal) {
  Reading reading;
  connection.auth = vault::AuthKind::headers;
  connection.headers = {{"X-Key", Secret(), "${env:KEY}"}};
  CredentialAuthorizer authorizer = make(reading.resolver());
  EXPECT_EQ(run(authorizer.headers())->at(0).value.reveal(), "one");
  reading.value = "two";
  EXPECT_EQ(run(authorizer.headers())->at(0).value.reveal(), "one");
  EXPECT_EQ(reading.count, 1);
  const FixedHeaders::ListPtr used = authorizer.fixed().current();
  EXPECT_TRUE(*run(authorizer.fixed().read_again(used)));
  EXPECT_EQ(run(authorizer.headers())->at(0).value.reveal(), "two");
  const FixedHeaders::ListPtr second = authorizer.fixed().current();
  reading.value = "three";
  EXPECT_FALSE(*run(authorizer.fixed().read_again(second))) << "too soon";
  reading.value = "two";
  clock.advance(limits::kSecretPause);
  EXPECT_FALSE(*run(authorizer.fixed().read_again(second))) << "the same again";
  EXPECT_TRUE(*run(authorizer.fixed().read_again(used))) << "read by another request meanwhile";
  EXPECT_EQ(reading.count, 3);
}

TEST_F(CredentialAuthorizerTest, what_a_reference_lacks_is_named_with_its_header) {
  Reading reading;
  connection.auth = vault::AuthKind::headers;
  connection.headers = {{"X-Key", Secret(), "${env:KEY}"}};
  CredentialAuthorizer authorizer = make(reading.resolver());
  reading.value.clear();
  const auto failed = run(authorizer.headers());
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().detail.find("header X-Key of"), std::string::npos);
  EXPECT_EQ(failed.error().hint, "set it");
  reading.value = "two\nlines";
  const auto refused = run(authorizer.headers());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  EXPECT_EQ(refused.error().detail.find("lines"), std::string::npos);
  reading.value = "good";
  EXPECT_TRUE(run(authorizer.headers()));
}

TEST_F(CredentialAuthorizerTest, a_bound_token_comes_with_a_proof_that_names_the_request) {
  connection.auth = vault::AuthKind::oauth;
  vault::Credential credential = sign_in(1h);
  credential.tokens.token_type = "DPoP";
  credential.dpop_key = oauth::JoseKey::generate()->to_pem();
  (void)run(memory.credentials().save_login(credential, credential.epoch));
  CredentialAuthorizer authorizer = make();
  EXPECT_FALSE(authorizer.has_proved());
  const auto first = run(authorizer.headers({"POST", kServer}));
  ASSERT_TRUE(first.has_value()) << first.error().detail;
  ASSERT_EQ(first->size(), 2U);
  EXPECT_EQ((*first)[0].value.reveal(), "DPoP at-0");
  EXPECT_EQ((*first)[1].name, "DPoP");
  EXPECT_TRUE(authorizer.has_proved());
  const auto proof = oauth::parse_jws((*first)[1].value.reveal());
  EXPECT_NE(proof->payload.find(R"("htm":"POST")"), std::string::npos);
  EXPECT_TRUE(
      authorizer.on_answer(kServer, 401, {{"WWW-Authenticate", "DPoP"}, {"DPoP-Nonce", "n1"}}));
  const auto second = run(authorizer.headers({"GET", kServer}));
  EXPECT_NE(oauth::parse_jws((*second)[1].value.reveal())->payload.find(R"("nonce":"n1")"),
            std::string::npos);
}

TEST_F(CredentialAuthorizerTest, a_bearer_token_is_sent_once_and_without_a_copy) {
  sign_in(1h);
  const auto made = headers(vault::AuthKind::oauth);
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(made[0].value.reveal(), "Bearer at-0");
  CredentialAuthorizer authorizer = make();
  (void)run(authorizer.headers());
  EXPECT_FALSE(authorizer.has_proved());
}

}  // namespace
}  // namespace gatehouse::upstream
