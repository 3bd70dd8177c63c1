#include "oauth_client/client_configuration.hpp"

#include <gtest/gtest.h>

#include "fakes/oauth_fixture.hpp"

namespace gatehouse::oauth_client {
namespace {

using vault::Registration;
using vault::RegistrationKind;

constexpr const char* kClientUrl = "https://as.example/register/client-1";

class ClientConfigurationTest : public fakes::OAuthFixture {
 protected:
  static Registration registration(std::string client_id = "client-1") {
    Registration one;
    one.organization = local_organization();
    one.issuer = kIssuer;
    one.client_id = std::move(client_id);
    one.client_secret = Secret("old");
    one.registration_client_uri = kClientUrl;
    one.registration_access_token = Secret("rat");
    return one;
  }
  Registration save(Registration one, std::optional<RegistrationId> after = {}) {
    return run(memory.registrations().save(std::move(one), std::move(after))).value();
  }
  ClientReading read() { return run(read_client(registration(), {}, http)); }
  DeletionReport remove(Registration one) { return run(delete_client(std::move(one), {}, http)); }
  std::vector<DeletionReport> clean(Unused which) {
    return run(erase_unused_clients(memory.registrations(), local_organization(), kIssuer, which,
                                    {}, http));
  }
  std::size_t held() { return run(memory.registrations().list(local_organization()))->size(); }
  void log_in(const RegistrationId& id) {
    vault::Credential credential{.key = key, .binding = {.issuer = kIssuer, .registration = id}};
    credential.tokens.access_token = Secret("at");
    ASSERT_TRUE(run(memory.credentials().save_login(credential, 0)));
  }
};

TEST_F(ClientConfigurationTest, a_client_is_read_with_its_own_token_and_a_new_secret_is_taken) {
  http.on(std::string("GET ") + kClientUrl, 200,
          R"({"client_id":"client-1","client_secret":"new","client_secret_expires_at":4000000,)"
          R"("registration_access_token":"rat-2"})");
  const ClientReading reading = read();
  EXPECT_EQ(reading.state, ClientReading::State::known);
  EXPECT_EQ(reading.now->client_secret.reveal(), "new");
  EXPECT_EQ(reading.now->secret_expires_at, SystemTime(std::chrono::seconds(4000000)));
  EXPECT_EQ(reading.now->registration_access_token.reveal(), "rat-2");
  EXPECT_EQ(http.sent[0].headers.find("Authorization"), "Bearer rat");
}

TEST_F(ClientConfigurationTest, what_a_reading_leaves_out_stays_as_it_was) {
  http.on(std::string("GET ") + kClientUrl, 200, R"({"client_id":"client-1"})");
  const ClientReading reading = read();
  EXPECT_EQ(reading.now->client_secret.reveal(), "old");
  EXPECT_EQ(reading.now->registration_access_token.reveal(), "rat");
}

TEST_F(ClientConfigurationTest, only_an_answer_about_this_client_says_something_of_it) {
  for (const int status : {401, 404, 410}) {
    http.on(std::string("GET ") + kClientUrl, status, "");
    EXPECT_EQ(read().state, ClientReading::State::gone) << status;
  }
  for (const int status : {403, 500, 302}) {
    http.on(std::string("GET ") + kClientUrl, status, "");
    EXPECT_EQ(read().state, ClientReading::State::unknown) << status;
  }
  http.on(std::string("GET ") + kClientUrl, 200, R"({"client_id":"another"})");
  EXPECT_EQ(read().state, ClientReading::State::unknown);
  http.on_error(std::string("GET ") + kClientUrl, Errc::unavailable);
  EXPECT_EQ(read().state, ClientReading::State::unknown);
}

TEST_F(ClientConfigurationTest, a_deletion_says_what_became_of_it) {
  http.on(std::string("DELETE ") + kClientUrl, 204, "");
  EXPECT_EQ(remove(registration()).outcome, Deletion::deleted);
  http.on(std::string("DELETE ") + kClientUrl, 401, "");
  EXPECT_EQ(remove(registration()).outcome, Deletion::deleted) << "forgotten there already";
  http.on(std::string("DELETE ") + kClientUrl, 405, "");
  EXPECT_EQ(remove(registration()).outcome, Deletion::failed);
  http.on_error(std::string("DELETE ") + kClientUrl, Errc::timeout);
  EXPECT_EQ(remove(registration()).outcome, Deletion::failed);
  Registration unmanaged = registration();
  unmanaged.registration_client_uri.clear();
  EXPECT_EQ(remove(unmanaged).outcome, Deletion::unsupported);
  unmanaged = registration();
  unmanaged.registration_client_uri = "http://as.example/register/client-1";
  EXPECT_EQ(remove(unmanaged).outcome, Deletion::unsupported)
      << "the token is not sent in the clear";
}

TEST_F(ClientConfigurationTest, a_superseded_client_goes_once_no_login_needs_it) {
  http.on(std::string("DELETE ") + kClientUrl, 204, "");
  const Registration older = save(registration());
  Registration newer = registration("client-2");
  newer.registration_client_uri = "https://as.example/register/client-2";
  save(newer, older.id);
  log_in(older.id);
  EXPECT_TRUE(clean(Unused::superseded).empty());
  EXPECT_EQ(held(), 2);
  ASSERT_TRUE(run(memory.credentials().end_login(key)));
  const auto reports = clean(Unused::superseded);
  ASSERT_EQ(reports.size(), 1);
  EXPECT_EQ(reports[0].client_id, "client-1");
  EXPECT_EQ(reports[0].outcome, Deletion::deleted);
  EXPECT_EQ(held(), 1) << "the current one stays for the next login";
}

TEST_F(ClientConfigurationTest, with_its_connection_the_current_client_goes_too) {
  http.on(std::string("DELETE ") + kClientUrl, 500, "");
  save(registration());
  Registration manual;
  manual.organization = local_organization();
  manual.issuer = kIssuer;
  manual.kind = RegistrationKind::preregistered;
  manual.client_id = "by-hand";
  save(manual);
  const auto reports = clean(Unused::all_dynamic);
  ASSERT_EQ(reports.size(), 1);
  EXPECT_EQ(reports[0].outcome, Deletion::failed) << "told, and erased here all the same";
  EXPECT_EQ(held(), 1) << "what a person registered is theirs";
}

TEST_F(ClientConfigurationTest, clients_of_other_issuers_are_left_alone) {
  Registration other = registration();
  other.issuer = "https://two.example";
  save(other);
  EXPECT_TRUE(clean(Unused::all_dynamic).empty());
  EXPECT_EQ(held(), 1);
}

}  // namespace
}  // namespace gatehouse::oauth_client
