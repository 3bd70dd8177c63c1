#include "oauth_client/machine_grants.hpp"

#include <gtest/gtest.h>

#include "fakes/oauth_fixture.hpp"
#include "oauth_client/token_source.hpp"

namespace gatehouse::oauth_client {
namespace {

using namespace std::chrono_literals;

class MachineGrantsTest : public fakes::OAuthFixture {
 protected:
  static constexpr const char* kIdpTokenUrl = "https://idp.example/token";

  MachineGrantsTest() {
    script_provider();
    http.on("GET https://as.example/.well-known/oauth-authorization-server", 200,
            R"({"issuer":"https://as.example","token_endpoint":"https://as.example/token",)"
            R"("revocation_endpoint":"https://as.example/revoke",)"
            R"("grant_types_supported":["client_credentials"]})");
    use(vault::Grant::client_credentials);
  }
  ~MachineGrantsTest() override { run_to_end(context, tasks.shutdown()); }

  void use(vault::Grant grant) {
    connection.auth = vault::AuthKind::oauth;
    connection.oauth.grant = grant;
    connection.oauth.client_id = "machine";
    connection.oauth.client_secret = Secret("s1");
    answer_tokens();
  }
  /// A new token for each request, without a refresh token.
  void answer_tokens(int life = 3600) {
    http.on(std::string("POST ") + kTokenUrl, [this, life](const http::Request&) {
      return Result<http::Reply>(
          http::Reply{.status = 200, .body = tokens("at-" + std::to_string(++issued), "", life)});
    });
    http.on(
        "GET https://mcp.example/.well-known/oauth-protected-resource/mcp", 200,
        R"({"resource":"https://mcp.example/mcp","authorization_servers":["https://as.example"],)"
        R"("scopes_supported":["read"]})");
    http.on(std::string("POST ") + kServer, [](const http::Request&) -> Result<http::Reply> {
      return http::Reply{.status = 401, .headers = {{"WWW-Authenticate", "Bearer"}}};
    });
  }
  /// The server names another authorization server, which answers whoever asks.
  void move_issuer() {
    http.on("GET https://mcp.example/.well-known/oauth-protected-resource/mcp", 200,
            R"({"resource":"https://mcp.example/mcp",)"
            R"("authorization_servers":["https://new.example"],"scopes_supported":["read"]})");
    http.on("GET https://new.example/.well-known/oauth-authorization-server", 200,
            R"({"issuer":"https://new.example","token_endpoint":"https://new.example/token"})");
    http.on("POST https://new.example/token", 200, tokens("at-new", ""));
  }
  int asked_of_the_new_one() const {
    int hits = 0;
    for (const auto& request : http.sent)
      hits += request.target.starts_with("https://new.example") ? 1 : 0;
    return hits;
  }
  void refuse(int status, const std::string& error) {
    http.on(std::string("POST ") + kTokenUrl, status,
            R"({"error":")" + error + R"(","error_description":"words of the server"})");
  }
  void add_provider(const std::string& reference) {
    provider.id = {"con_idp"};
    provider.organization = local_organization();
    provider.name = "okta";
    provider.url = "https://idp.example";
    provider.role = vault::Role::identity_provider;
    provider.oauth.client_id = "idp-client";
    provider.oauth.assertion_reference = reference;
    provider = *run(memory.connections().create(provider));
    connection.oauth.identity_provider = "okta";
    http.on("GET https://idp.example/.well-known/openid-configuration", 200,
            R"({"issuer":"https://idp.example","token_endpoint":"https://idp.example/token",)"
            R"("authorization_endpoint":"https://idp.example/authorize",)"
            R"("jwks_uri":"https://idp.example/jwks"})");
    http.on(std::string("POST ") + kIdpTokenUrl, 200,
            R"({"issued_token_type":"urn:ietf:params:oauth:token-type:id-jag",)"
            R"("access_token":"the.id.jag","token_type":"N_A"})");
  }
  static std::string id_token(SystemTime end) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(end.time_since_epoch());
    return "e30." + base64url_encode("{\"exp\":" + std::to_string(seconds.count()) + "}") + ".sig";
  }

  Result<AccessTokenPtr> get() { return run(source.access_token(connection, key)); }
  Result<AccessTokenPtr> refuse_and_get(const AccessTokenPtr& token) {
    return run(source.on_unauthorized(connection, key, token));
  }
  int asked() const { return http.count("POST", kTokenUrl); }

  static Task<Result<Secret>> resolve(MachineGrantsTest* self, std::string reference) {
    ++self->reads;
    const auto found = self->references.find(reference);
    if (found == self->references.end()) co_return fail(Errc::not_found, "no such " + reference);
    co_return Secret(found->second);
  }
  vault::SecretResolver resolver() {
    return [this](std::string reference) { return resolve(this, std::move(reference)); };
  }

  int issued = 0;
  int reads = 0;
  std::map<std::string, std::string> references;
  vault::Connection provider;
  TaskGroup tasks{context.get_executor(), logger};
  MachineGrants machine{store, http, clock, logger, resolver(), sleep()};
  TokenSource source{store, http, clock, tasks, logger, sleep(), &machine};
};

TEST_F(MachineGrantsTest, the_first_use_obtains_a_token_and_the_next_ones_find_it) {
  const auto token = get();
  ASSERT_TRUE(token.has_value()) << describe(token.error());
  EXPECT_EQ((*token)->value.reveal(), "at-1");
  const auto form = http.last_form(kTokenUrl);
  EXPECT_EQ(form.at("grant_type"), "client_credentials");
  EXPECT_EQ(form.at("resource"), kServer);
  EXPECT_EQ(form.at("scope"), "read");
  EXPECT_EQ(form.count("client_secret"), 0U);  // basic unless the server says otherwise
  EXPECT_EQ((*get())->value.reveal(), "at-1");
  EXPECT_EQ(asked(), 1);
  EXPECT_EQ(stored().binding.issuer, kIssuer);
}

TEST_F(MachineGrantsTest, another_process_finds_the_token_in_the_store) {
  ASSERT_TRUE(get().has_value());
  TokenSource other(store, http, clock, tasks, logger, sleep(), &machine);
  EXPECT_EQ((*run(other.access_token(connection, key)))->value.reveal(), "at-1");
  EXPECT_EQ(asked(), 1);
}

TEST_F(MachineGrantsTest, the_token_is_obtained_anew_ahead_of_its_end_and_after_it) {
  ASSERT_TRUE(get().has_value());
  const int before = static_cast<int>(http.sent.size());
  advance(3600s - 40s);
  EXPECT_EQ((*get())->value.reveal(), "at-1");  // still good: a new one is obtained beside
  run_to_end(context, tasks.drain());
  EXPECT_EQ((*get())->value.reveal(), "at-2");
  EXPECT_EQ(static_cast<int>(http.sent.size()) - before, 1);  // and nothing is discovered again
  advance(2h);
  EXPECT_EQ((*get())->value.reveal(), "at-3");
}

TEST_F(MachineGrantsTest, a_401_leads_to_a_new_token_and_to_looking_who_decides_now) {
  const auto first = *get();
  const auto second = refuse_and_get(first);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ((*second)->value.reveal(), "at-2");
  // Who comes late with the old one gets the newer one.
  EXPECT_EQ((*refuse_and_get(first))->value.reveal(), "at-2");
  EXPECT_EQ(asked(), 2);
}

TEST_F(MachineGrantsTest, another_authorization_server_is_not_followed_without_a_word) {
  for (const auto grant : {vault::Grant::client_credentials, vault::Grant::jwt_bearer,
                           vault::Grant::identity_assertion}) {
    use(grant);
    if (grant == vault::Grant::identity_assertion) add_provider("${file:/jwt}");
    connection.oauth.assertion_reference = "${file:/jwt}";
    references["${file:/jwt}"] = "a.b.c";
    const auto first = run(source.obtain_anew(connection, key));
    ASSERT_TRUE(first.has_value()) << describe(first.error());
    const int before = asked();
    move_issuer();
    const auto moved = run(source.obtain_anew(connection, key));
    ASSERT_FALSE(moved.has_value());
    EXPECT_EQ(moved.error().code, Errc::policy);
    EXPECT_NE(
        moved.error().detail.find("before \"https://as.example\", now \"https://new.example\""),
        std::string::npos)
        << moved.error().detail;
    EXPECT_NE(moved.error().hint.find("`gatehouse edit demo --issuer https://new.example`"),
              std::string::npos)
        << moved.error().hint;
    EXPECT_EQ(asked_of_the_new_one(), 0);
    EXPECT_EQ(asked(), before);
    EXPECT_EQ(stored().binding, first->binding);
    EXPECT_TRUE(stored().tokens.access_token.same_as(first->tokens.access_token));
  }
}

TEST_F(MachineGrantsTest, nor_is_it_after_a_401_or_a_logout) {
  const auto token = *get();
  move_issuer();
  EXPECT_EQ(refuse_and_get(token).error().code, Errc::policy);
  EXPECT_EQ(stored().binding.issuer, kIssuer);
  ASSERT_TRUE(run(memory.credentials().end_login(key)));
  source.on_change({.table = "connections", .organization = key.organization, .id = "con_1"});
  const auto again = get();  // where it was before
  ASSERT_TRUE(again.has_value()) << describe(again.error());
  EXPECT_EQ((*again)->value.reveal(), "at-2");
  EXPECT_EQ(asked_of_the_new_one(), 0);
}

TEST_F(MachineGrantsTest, an_authorization_server_that_was_agreed_to_is_followed) {
  ASSERT_TRUE(get().has_value());
  move_issuer();
  connection.oauth.issuer = "https://new.example";
  const auto token = run(source.obtain_anew(connection, key));
  ASSERT_TRUE(token.has_value()) << describe(token.error());
  EXPECT_EQ(token->tokens.access_token.reveal(), "at-new");
  EXPECT_EQ(stored().binding.issuer, "https://new.example");
}

TEST_F(MachineGrantsTest, a_winner_of_another_process_is_adopted) {
  ASSERT_TRUE(get().has_value());
  const auto lease = run(memory.credentials().acquire_lease(key, "other", 45s));
  ASSERT_TRUE(lease && *lease);
  advance(2h);
  ASSERT_TRUE(*run(memory.credentials().acquire_lease(key, "other", 45s)));
  const vault::Credential row = stored();
  store.before["acquire_lease"] = [this, row] {
    boost::asio::io_context other;
    vault::TokenSet newer;
    newer.access_token = Secret("at-other");
    newer.obtained_at = clock.now();
    newer.expires_at = clock.now() + 1h;
    (void)run_to_end(other,
                     memory.credentials().save_refreshed(key, row.version, row.epoch, newer));
    (void)run_to_end(other, memory.credentials().release_lease(key, "other"));
  };
  EXPECT_EQ((*get())->value.reveal(), "at-other");
  EXPECT_EQ(asked(), 1);
}

TEST_F(MachineGrantsTest, what_another_process_stored_during_discovery_is_not_overwritten) {
  vault::Credential theirs{.key = key,
                           .binding = {.issuer = kIssuer,
                                       .resource = kServer,
                                       .registration = {"reg_theirs"},
                                       .token_endpoint = kTokenUrl,
                                       .revocation_endpoint = kRevokeUrl,
                                       .server_url = kServer},
                           .requested_scope = "read"};
  theirs.tokens.access_token = Secret("at-theirs");
  theirs.tokens.obtained_at = clock.now();
  store.before["save_login"] = [this, theirs] {
    boost::asio::io_context other;
    vault::Registration registration{.id = {"reg_theirs"},
                                     .organization = key.organization,
                                     .issuer = kIssuer,
                                     .kind = vault::RegistrationKind::preregistered,
                                     .client_id = "machine",
                                     .client_secret = Secret("s1"),
                                     .auth_method = "client_secret_basic"};
    const auto current =
        run_to_end(other, memory.registrations().find_current(
                              key.organization, kIssuer, vault::RegistrationKind::preregistered));
    (void)run_to_end(other,
                     memory.registrations().save(
                         registration, *current ? std::optional((*current)->id) : std::nullopt));
    (void)run_to_end(other, memory.credentials().save_login(theirs, 0));
  };
  EXPECT_EQ((*get())->value.reveal(), "at-theirs");
  EXPECT_EQ(asked(), 0);
}

TEST_F(MachineGrantsTest, a_refused_client_names_what_to_correct_and_is_not_tried_again_at_once) {
  refuse(401, "invalid_client");
  const auto token = get();
  EXPECT_EQ(token.error().code, Errc::invalid_client);
  EXPECT_NE(token.error().detail.find("\"words of the server\""), std::string::npos);
  EXPECT_NE(token.error().hint.find("gatehouse login demo --client-id"), std::string::npos);
  EXPECT_EQ(get().error().code, Errc::invalid_client);
  EXPECT_EQ(asked(), 1);
  advance(31s);
  (void)get();
  EXPECT_EQ(asked(), 2);
}

TEST_F(MachineGrantsTest, an_edit_or_a_person_ends_the_pause) {
  refuse(401, "invalid_client");
  (void)get();
  answer_tokens();
  EXPECT_TRUE(run(source.obtain_anew(connection, key)).has_value());
  refuse(401, "invalid_client");
  advance(2h);
  (void)get();
  answer_tokens();
  source.on_change({.table = "connections", .organization = key.organization, .id = "con_1"});
  EXPECT_TRUE(get().has_value());
}

TEST_F(MachineGrantsTest, no_refusal_ever_asks_for_a_sign_in) {
  for (const char* error : {"invalid_grant", "unauthorized_client", "invalid_scope",
                            "unsupported_grant_type", "access_denied", "invalid_target"}) {
    refuse(400, error);
    const auto token = run(source.obtain_anew(connection, key));
    EXPECT_NE(token.error().code, Errc::sign_in_required) << error;
    EXPECT_NE(classify(token.error()), Disposition::reauthorize) << error;
    EXPECT_FALSE(token.error().hint.empty()) << error;
  }
  const auto row = run(memory.credentials().find(key));
  EXPECT_FALSE((*row)->sign_in_required);
}

TEST_F(MachineGrantsTest, faults_that_pass_are_tried_again_by_the_next_call) {
  http.on(std::string("POST ") + kTokenUrl, 503, "");
  EXPECT_EQ(get().error().code, Errc::server_error);
  http.on_error(std::string("POST ") + kTokenUrl, Errc::outcome_unknown);
  EXPECT_EQ(get().error().code, Errc::outcome_unknown);
  answer_tokens();
  EXPECT_TRUE(get().has_value());
}

TEST_F(MachineGrantsTest, each_step_of_the_store_failing_once_costs_one_call) {
  for (const char* call : {"find", "save_login", "acquire_lease", "save_refreshed"}) {
    (void)run(memory.credentials().end_login(key));
    source.drop_cache();
    connection.oauth.scopes = {call};  // so that the row must be written anew
    store.failures = {{call, 1}};
    EXPECT_EQ(get().error().code, Errc::storage) << call;
    EXPECT_TRUE(get().has_value()) << call;
  }
}

TEST_F(MachineGrantsTest, another_client_or_url_ends_what_was_obtained_before) {
  const auto first = *get();
  connection.oauth.client_secret = Secret("s2");
  const auto second = run(source.obtain_anew(connection, key));
  ASSERT_TRUE(second.has_value());
  EXPECT_GT(second->epoch, first->epoch);
}

TEST_F(MachineGrantsTest, a_secret_by_reference_is_read_at_each_request) {
  connection.oauth.client_secret = Secret();
  connection.oauth.client_secret_reference = "${file:/secret}";
  references["${file:/secret}"] = "from-file";
  ASSERT_TRUE(get().has_value());
  advance(2h);
  references["${file:/secret}"] = "renewed";
  ASSERT_TRUE(get().has_value());
  const auto& request =
      *std::ranges::find_if(http.sent.rbegin(), http.sent.rend(),
                            [](const auto& one) { return one.target == kTokenUrl; });
  EXPECT_EQ(*request.headers.find("Authorization"), "Basic " + base64_encode("machine:renewed"));
  references.clear();
  advance(2h);
  EXPECT_EQ(get().error().code, Errc::not_found);
}

TEST_F(MachineGrantsTest, an_assertion_is_read_anew_each_time_and_stands_for_the_client) {
  use(vault::Grant::jwt_bearer);
  connection.oauth.client_id.clear();
  connection.oauth.client_secret = Secret();
  connection.oauth.assertion_reference = "${file:/jwt}";
  references["${file:/jwt}"] = "a.b.1";
  ASSERT_TRUE(get().has_value());
  EXPECT_EQ(http.last_form(kTokenUrl).at("assertion"), "a.b.1");
  EXPECT_EQ(http.last_form(kTokenUrl).count("client_id"), 0U);
  references["${file:/jwt}"] = "a.b.2";
  advance(2h);
  ASSERT_TRUE(get().has_value());
  EXPECT_EQ(http.last_form(kTokenUrl).at("assertion"), "a.b.2");
}

TEST_F(MachineGrantsTest, a_refused_assertion_says_whose_it_is_and_nothing_else_is_tried) {
  use(vault::Grant::jwt_bearer);
  connection.oauth.assertion_reference = "${file:/jwt}";
  references["${file:/jwt}"] = "a.b.c";
  refuse(400, "invalid_grant");
  const auto token = get();
  EXPECT_EQ(token.error().code, Errc::rejected);
  EXPECT_NE(token.error().hint.find("audience https://as.example"), std::string::npos);
  EXPECT_EQ(asked(), 1);
}

TEST_F(MachineGrantsTest, an_identity_assertion_goes_through_the_provider) {
  use(vault::Grant::identity_assertion);
  add_provider("${env:ID_TOKEN}");
  references["${env:ID_TOKEN}"] = "i.d.t";
  ASSERT_TRUE(get().has_value());
  const auto exchange = http.last_form(kIdpTokenUrl);
  EXPECT_EQ(exchange.at("subject_token"), "i.d.t");
  EXPECT_EQ(exchange.at("audience"), kIssuer);
  EXPECT_EQ(exchange.at("resource"), kServer);
  EXPECT_EQ(exchange.at("client_id"), "idp-client");
  const auto form = http.last_form(kTokenUrl);
  EXPECT_EQ(form.at("assertion"), "the.id.jag");
  EXPECT_EQ(form.at("resource"), kServer);
}

TEST_F(MachineGrantsTest, the_login_at_the_provider_vouches_and_is_refreshed_for_that) {
  use(vault::Grant::identity_assertion);
  add_provider("");
  const auto without = get();
  EXPECT_EQ(without.error().code, Errc::sign_in_required);  // of a person, at the provider
  EXPECT_NE(without.error().hint.find("gatehouse login okta"), std::string::npos);
  vault::CredentialKey idp_key = key;
  idp_key.connection = provider.id;
  vault::Credential login{.key = idp_key,
                          .binding = {.issuer = "https://idp.example",
                                      .registration = {"reg_idp"},
                                      .token_endpoint = kIdpTokenUrl,
                                      .server_url = "https://idp.example"}};
  login.tokens.access_token = Secret("idp-at");
  login.tokens.id_token = Secret(id_token(clock.now() + 1h));
  login.tokens.obtained_at = clock.now();
  ASSERT_TRUE(run(memory.credentials().save_login(login, 0)).has_value());
  ASSERT_TRUE(get().has_value());
  EXPECT_EQ(http.last_form(kIdpTokenUrl).at("subject_token"), login.tokens.id_token.reveal());
}

TEST_F(MachineGrantsTest, a_provider_that_is_gone_is_named) {
  use(vault::Grant::identity_assertion);
  connection.oauth.identity_provider = "okta";
  const auto token = get();
  EXPECT_EQ(token.error().code, Errc::rejected);
  EXPECT_NE(token.error().hint.find("--identity-provider"), std::string::npos);
}

TEST_F(MachineGrantsTest, what_the_provider_refuses_stays_in_its_words) {
  use(vault::Grant::identity_assertion);
  add_provider("${env:ID_TOKEN}");
  references["${env:ID_TOKEN}"] = "i.d.t";
  http.on(std::string("POST ") + kIdpTokenUrl, 400,
          R"({"error":"access_denied","error_description":"not assigned to this app"})");
  const auto token = get();
  EXPECT_EQ(token.error().code, Errc::rejected);
  EXPECT_NE(token.error().detail.find("\"not assigned to this app\""), std::string::npos);
  EXPECT_NE(token.error().hint.find("okta"), std::string::npos);
  EXPECT_EQ(asked(), 0);
}

}  // namespace
}  // namespace gatehouse::oauth_client
