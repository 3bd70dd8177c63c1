#include <gtest/gtest.h>

#include "fakes/oauth_fixture.hpp"
#include "oauth_client/registration.hpp"

namespace gatehouse::oauth_client {
namespace {

class PreregisteredTest : public fakes::OAuthFixture {
 protected:
  PreregisteredTest() {
    request.organization = local_organization();
    request.connection_name = "demo";
    request.server.issuer = kIssuer;
    request.settings.client_id = "given";
    request.redirect_uri = kRedirect;
  }

  Result<vault::Registration> obtain() {
    ClientSettings settings;
    if (resolves) {
      settings.resolve = [this](std::string reference) {
        asked.push_back(reference);
        return answer(this);
      };
    }
    Registrar registrar(store.registrations(), http, clock, std::move(settings));
    return run(registrar.obtain(request));
  }
  static Task<Result<Secret>> answer(PreregisteredTest* self) { co_return self->secret; }

  RegistrationRequest request;
  bool resolves = true;
  Result<Secret> secret = Secret();
  std::vector<std::string> asked;
};

TEST_F(PreregisteredTest, a_key_that_is_kept_elsewhere_is_read_and_signs) {
  const auto key = oauth::JoseKey::generate().value();
  secret = key.to_pem();
  request.settings.private_key_reference = "${file:/k.pem}";
  request.settings.key_id = "k1";
  const auto registration = obtain();
  ASSERT_TRUE(registration.has_value()) << registration.error().detail;
  EXPECT_EQ(asked, std::vector<std::string>{"${file:/k.pem}"});
  EXPECT_EQ(registration->auth_method, "private_key_jwt");
  EXPECT_EQ(registration->signing_algorithm, "ES256");
  const auto client = client_authentication(*registration);
  ASSERT_TRUE(client.has_value());
  EXPECT_EQ(client->audience, kIssuer);
  EXPECT_EQ(client->key_id, "k1");
  EXPECT_EQ(client->key->thumbprint(), key.thumbprint());
}

TEST_F(PreregisteredTest, the_same_key_is_the_same_client_and_another_is_another) {
  request.settings.private_key = oauth::JoseKey::generate()->to_pem();
  const auto first = obtain();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(obtain()->id, first->id);
  request.settings.key_id = "k2";
  const auto named = obtain();
  EXPECT_NE(named->id, first->id);
  request.settings.private_key = oauth::JoseKey::generate()->to_pem();
  EXPECT_NE(obtain()->id, named->id);
  EXPECT_TRUE(asked.empty());
}

TEST_F(PreregisteredTest, a_reference_that_cannot_be_read_is_named_and_nothing_is_stored) {
  request.settings.client_secret_reference = "${env:S}";
  secret = fail(Errc::not_found, "${env:S}: the variable is not set", "export S=…");
  const auto refused = obtain();
  EXPECT_EQ(refused.error().code, Errc::not_found);
  EXPECT_EQ(refused.error().detail, "the client secret: ${env:S}: the variable is not set");
  EXPECT_EQ(refused.error().hint, "export S=…");
  resolves = false;
  EXPECT_EQ(obtain().error().code, Errc::unsupported);
  EXPECT_TRUE(run(store.registrations().list(local_organization())).value().empty());
}

TEST_F(PreregisteredTest, a_key_that_does_not_fit_is_refused_at_once) {
  request.settings.private_key = oauth::JoseKey::generate()->to_pem();
  request.settings.signing_algorithm = "RS256";
  EXPECT_EQ(obtain().error().code, Errc::invalid_argument);
  request.settings.signing_algorithm = "HS256";
  EXPECT_EQ(obtain().error().code, Errc::invalid_argument);
  request.settings.signing_algorithm.clear();
  request.settings.private_key = Secret("no key");
  EXPECT_EQ(obtain().error().code, Errc::invalid_argument);
}

TEST_F(PreregisteredTest, a_chosen_method_needs_what_it_stands_on) {
  request.settings.auth_method = "private_key_jwt";
  EXPECT_EQ(obtain().error().code, Errc::invalid_argument);
  request.settings.auth_method = "client_secret_post";
  EXPECT_EQ(obtain().error().code, Errc::invalid_argument);
  request.settings.client_secret = Secret("s");
  EXPECT_EQ(obtain()->auth_method, "client_secret_post");
  request.settings.auth_method = "tls_client_auth";
  EXPECT_EQ(obtain().error().code, Errc::unsupported);
}

}  // namespace
}  // namespace gatehouse::oauth_client
