#include "vault/store_contract.hpp"

namespace gatehouse::vault {
namespace {

class ConnectionContract : public StoreContract {};
INSTANTIATE_TEST_SUITE_P(Stores, ConnectionContract, kStores, store_name);

Connection full_connection() {
  Connection connection;
  connection.organization = local_organization();
  connection.name = "full";
  connection.transport = Transport::stdio;
  connection.url = "https://mcp.example/a?b=%20";
  connection.command = {"/bin/server", "", "--flag=x y"};
  connection.environment = {{"TOKEN", Secret("e1"), {}}, {"EMPTY", Secret(), {}}};
  connection.directory = "/srv";
  connection.auth = AuthKind::headers;
  connection.mode = CredentialMode::per_member;
  connection.headers = {{"X-Api-Key", Secret("h1")}};
  connection.oauth = {.client_id = "client",
                      .client_secret = Secret("s1"),
                      .issuer = "https://as.example",
                      .scopes = {"read", "write"},
                      .redirect_port = 8765,
                      .redirect_path = "/cb"};
  connection.allowances = {{"http://127.0.0.1:9000", http::Purpose::connection},
                           {"http://127.0.0.1:9001", http::Purpose::authorization_server}};
  return connection;
}

void add_details(Connection& connection) {
  connection.headers.push_back({"Authorization", Secret(), "Bearer ${env:TOKEN}"});
  connection.environment.push_back({"KEY", Secret(), "${file:/run/key}"});
  OAuthSettings& oauth = connection.oauth;
  oauth.redirect_uri = "https://app.example/callback";
  oauth.grant = Grant::jwt_bearer;
  oauth.auth_method = "private_key_jwt";
  oauth.client_secret_reference = "${command:pass show x}";
  oauth.private_key = Secret("pem");
  oauth.private_key_reference = "${keyring:key}";
  oauth.signing_algorithm = "ES256";
  oauth.key_id = "k1";
  oauth.assertion_reference = "${file:/run/token}";
  oauth.identity_provider = "okta";
  oauth.dpop = Dpop::required;
  connection.options = {.enabled = false,
                        .tools = {{"read_*", "list"}, {"delete_*"}},
                        .connect_timeout = 1s,
                        .request_timeout = 2s,
                        .idle_timeout = 0s,
                        .read_retries = 0,
                        .roots = {"/srv/a", "/srv/b"},
                        .log_level = "warning",
                        .on_change = OnChange::block};
  connection.role = Role::identity_provider;
  connection.preset = "notion";
  connection.origin = "/home/a/mcp.json";
  connection.origin_digest = "d1";
}

TEST_P(ConnectionContract, keeps_every_detail) {
  Connection wanted = full_connection();
  add_details(wanted);
  (void)run(connections().create(wanted)).value();
  const Connection read = run(connections().find(local_organization(), "full")).value().value();
  EXPECT_EQ(read.secrets_problem, "");
  ASSERT_EQ(read.headers.size(), 2U);
  EXPECT_EQ(read.headers[0].reference, "");
  EXPECT_EQ(read.headers[1].reference, "Bearer ${env:TOKEN}");
  ASSERT_EQ(read.environment.size(), 3U);
  EXPECT_EQ(read.environment[2].reference, "${file:/run/key}");
  EXPECT_EQ(read.oauth.redirect_uri, wanted.oauth.redirect_uri);
  EXPECT_EQ(read.oauth.grant, Grant::jwt_bearer);
  EXPECT_EQ(read.oauth.auth_method, "private_key_jwt");
  EXPECT_EQ(read.oauth.client_secret_reference, "${command:pass show x}");
  EXPECT_EQ(read.oauth.private_key.reveal(), "pem");
  EXPECT_EQ(read.oauth.private_key_reference, "${keyring:key}");
  EXPECT_EQ(read.oauth.signing_algorithm, "ES256");
  EXPECT_EQ(read.oauth.key_id, "k1");
  EXPECT_EQ(read.oauth.assertion_reference, "${file:/run/token}");
  EXPECT_EQ(read.oauth.identity_provider, "okta");
  EXPECT_EQ(read.oauth.dpop, Dpop::required);
  EXPECT_EQ(read.options, wanted.options);
  EXPECT_EQ(read.role, Role::identity_provider);
  EXPECT_EQ(read.preset, "notion");
  EXPECT_EQ(read.origin, "/home/a/mcp.json");
  EXPECT_EQ(read.origin_digest, "d1");
}

TEST_P(ConnectionContract, keeps_every_field) {
  const Connection created = run(connections().create(full_connection())).value();
  EXPECT_FALSE(created.id.empty());
  EXPECT_EQ(created.revision, 1);
  const Connection read = run(connections().find(local_organization(), "full")).value().value();
  EXPECT_EQ(read.id, created.id);
  EXPECT_EQ(read.transport, Transport::stdio);
  EXPECT_EQ(read.url, "https://mcp.example/a?b=%20");
  EXPECT_EQ(read.command, (std::vector<std::string>{"/bin/server", "", "--flag=x y"}));
  ASSERT_EQ(read.environment.size(), 2U);
  EXPECT_EQ(read.environment[0].name, "TOKEN");
  EXPECT_EQ(read.environment[0].value.reveal(), "e1");
  EXPECT_TRUE(read.environment[1].value.empty());
  EXPECT_EQ(read.directory, "/srv");
  EXPECT_EQ(read.auth, AuthKind::headers);
  EXPECT_EQ(read.mode, CredentialMode::per_member);
  ASSERT_EQ(read.headers.size(), 1U);
  EXPECT_EQ(read.headers[0].name, "X-Api-Key");
  EXPECT_EQ(read.headers[0].value.reveal(), "h1");
  EXPECT_EQ(read.oauth.client_id, "client");
  EXPECT_EQ(read.oauth.client_secret.reveal(), "s1");
  EXPECT_EQ(read.oauth.issuer, "https://as.example");
  EXPECT_EQ(read.oauth.scopes, (std::vector<std::string>{"read", "write"}));
  EXPECT_EQ(read.oauth.redirect_port, 8765);
  EXPECT_EQ(read.oauth.redirect_path, "/cb");
  EXPECT_EQ(read.allowances, full_connection().allowances);
  EXPECT_EQ(read.created_at, clock_.now());
  EXPECT_EQ(read.secrets_problem, "");
}

TEST_P(ConnectionContract, refuses_a_name_that_is_taken_in_the_same_organization_only) {
  make_connection("notion");
  Connection second;
  second.organization = local_organization();
  second.name = "notion";
  EXPECT_EQ(code(run(connections().create(second))), Errc::conflict);
  make_connection("notion", other_organization_);
}

TEST_P(ConnectionContract, updates_by_compare_and_set_on_the_revision) {
  Connection connection = make_connection("a");
  make_connection("b");
  connection.url = "https://new.example";
  const Connection updated = run(connections().update(connection)).value();
  EXPECT_EQ(updated.revision, 2);
  EXPECT_EQ(code(run(connections().update(connection))), Errc::conflict);
  Connection renamed = updated;
  renamed.name = "b";
  EXPECT_EQ(code(run(connections().update(renamed))), Errc::conflict);
  const auto read = run(connections().find(local_organization(), "a")).value().value();
  EXPECT_EQ(read.url, "https://new.example");
  EXPECT_EQ(read.revision, 2);
}

TEST_P(ConnectionContract, lists_by_name_and_never_another_organization) {
  make_connection("b");
  make_connection("a");
  make_connection("c", other_organization_);
  const auto listed = run(connections().list(local_organization())).value();
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].name, "a");
  EXPECT_EQ(listed[1].name, "b");
}

TEST_P(ConnectionContract, is_not_there_for_another_organization) {
  Connection connection = make_connection("a");
  EXPECT_FALSE(run(connections().find(other_organization_, "a")).value());
  EXPECT_EQ(code(run(connections().erase(other_organization_, connection.id))), Errc::not_found);
  EXPECT_EQ(code(run(connections().save_state(other_organization_, connection.id, {}))),
            Errc::not_found);
  EXPECT_EQ(
      code(run(connections().save_catalog(other_organization_, {.connection = connection.id}))),
      Errc::not_found);
  ASSERT_TRUE(run(
      connections().save_state(local_organization(), connection.id, {.health = Health::ready})));
  ASSERT_TRUE(run(connections().save_catalog(local_organization(), {.connection = connection.id})));
  EXPECT_EQ(run(connections().load_state(other_organization_, connection.id)).value().health,
            Health::configured);
  EXPECT_FALSE(
      run(connections().load_catalog(other_organization_, connection.id, local_member())).value());
  connection.organization = other_organization_;
  EXPECT_EQ(code(run(connections().update(connection))), Errc::not_found);
  EXPECT_TRUE(run(connections().find(local_organization(), "a")).value());
}

TEST_P(ConnectionContract, keeps_state_and_catalog) {
  const Connection connection = make_connection("a");
  EXPECT_EQ(run(connections().load_state(local_organization(), connection.id)).value().health,
            Health::configured);
  EXPECT_FALSE(
      run(connections().load_catalog(local_organization(), connection.id, local_member())).value());
  const ConnectionState state{.health = Health::failing,
                              .detail = "why",
                              .hint = "what",
                              .checked_at = clock_.now(),
                              .era = "modern",
                              .protocol_version = "2026-07-28",
                              .era_at = clock_.now(),
                              .server_info = R"({"name":"x"})"};
  ASSERT_TRUE(run(connections().save_state(local_organization(), connection.id, state)));
  const auto read = run(connections().load_state(local_organization(), connection.id)).value();
  EXPECT_EQ(read.health, Health::failing);
  EXPECT_EQ(read.detail, "why");
  EXPECT_EQ(read.hint, "what");
  EXPECT_EQ(read.checked_at, clock_.now());
  EXPECT_EQ(read.ready_at, std::nullopt);
  EXPECT_EQ(read.era, "modern");
  EXPECT_EQ(read.protocol_version, "2026-07-28");
  EXPECT_EQ(read.server_info, R"({"name":"x"})");
  const auto all = run(connections().load_states(local_organization())).value();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all.at(connection.id).detail, "why");
  EXPECT_EQ(all.at(connection.id).era_at, clock_.now());
  EXPECT_TRUE(run(connections().load_states(other_organization_)).value().empty());

  const StoredCatalog catalog{.connection = connection.id,
                              .tools = {R"({"name":"a"})", R"({"name":"ü"})"},
                              .dropped = {"b: no schema"},
                              .fetched_at = clock_.now(),
                              .ttl_ms = 5};
  ASSERT_TRUE(run(connections().save_catalog(local_organization(), catalog)));
  const auto stored =
      run(connections().load_catalog(local_organization(), connection.id, local_member()))
          .value()
          .value();
  EXPECT_EQ(stored.connection, connection.id);
  EXPECT_EQ(stored.tools, catalog.tools);
  EXPECT_EQ(stored.dropped, catalog.dropped);
  EXPECT_EQ(stored.fetched_at, clock_.now());
  EXPECT_EQ(stored.ttl_ms, 5);
}

TEST_P(ConnectionContract, keeps_every_kind_of_list_and_whose_it_is) {
  const Connection connection = make_connection("a");
  const auto load = [&](const char* member) {
    return run(connections().load_catalog(local_organization(), connection.id, {member})).value();
  };
  StoredCatalog own{.connection = connection.id,
                    .owner = MemberId{"mem_a"},
                    .tools = {R"({"name":"t"})"},
                    .prompts = {R"({"name":"p"})"},
                    .resources = {R"({"uri":"r"})"},
                    .templates = {R"({"uriTemplate":"x"})"},
                    .fetched_at = clock_.now()};
  ASSERT_TRUE(run(connections().save_catalog(local_organization(), own)));
  ASSERT_TRUE(load("mem_a"));
  EXPECT_EQ(load("mem_a")->owner, own.owner);
  EXPECT_EQ(load("mem_a")->prompts, own.prompts);
  EXPECT_EQ(load("mem_a")->resources, own.resources);
  EXPECT_EQ(load("mem_a")->templates, own.templates);
  EXPECT_FALSE(load("mem_b")) << "a member's list is nobody else's";
  EXPECT_TRUE(run(connections().load_catalogs(local_organization(), {"mem_b"})).value().empty());

  StoredCatalog shared{.connection = connection.id, .tools = {"{}"}, .fetched_at = clock_.now()};
  ASSERT_TRUE(run(connections().save_catalog(local_organization(), shared)));
  EXPECT_EQ(load("mem_a")->tools, shared.tools);
  EXPECT_EQ(load("mem_b")->tools, shared.tools);
  ASSERT_TRUE(run(connections().save_catalog(local_organization(), own)));
  EXPECT_FALSE(load("mem_b"));
  const auto all = run(connections().load_catalogs(local_organization(), {"mem_a"})).value();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].tools, own.tools);

  ASSERT_TRUE(run(connections().erase_catalog(local_organization(), connection.id)));
  EXPECT_FALSE(load("mem_a"));
}

TEST_P(ConnectionContract, tells_the_feed_of_a_list_only_when_it_says_something_new) {
  const Connection connection = make_connection("a");
  StoredCatalog catalog{
      .connection = connection.id, .tools = {R"({"name":"t"})"}, .fetched_at = clock_.now()};
  const auto save = [&] {
    const std::int64_t before = run(store_->changes().last_number()).value();
    EXPECT_TRUE(run(connections().save_catalog(local_organization(), catalog)));
    return run(store_->changes().last_number()).value() - before;
  };
  EXPECT_EQ(save(), 1);
  clock_.advance(1h);
  catalog.fetched_at = clock_.now();
  EXPECT_EQ(save(), 0);
  EXPECT_EQ(run(connections().load_catalog(local_organization(), connection.id, local_member()))
                .value()
                ->fetched_at,
            clock_.now());
  catalog.tools[0] = R"({"name":"u"})";
  EXPECT_EQ(save(), 1);
}

TEST_P(ConnectionContract, changes_a_pin_only_from_what_it_was_computed_from) {
  const Connection connection = make_connection("a");
  const auto load = [&](ConnectionStore::Pins which) {
    return run(connections().load_pins(local_organization(), connection.id, {}, which)).value();
  };
  const auto change = [&](PinChange one) {
    return run(connections().change_pins(local_organization(), connection.id,
                                         {.changes = {std::move(one)}}))
        .value();
  };
  PinChange added{.pin = {.kind = "tool",
                          .name = "t",
                          .digest = "d1",
                          .definition = "{}",
                          .pinned_at = clock_.now()}};
  const StoredCatalog catalog{.connection = connection.id};
  ASSERT_TRUE(run(connections().save_catalog(local_organization(), catalog, {.changes = {added}})));
  EXPECT_EQ(change(added), 0U) << "it is there already";
  EXPECT_EQ(load(ConnectionStore::Pins::all).size(), 1U);
  EXPECT_TRUE(load(ConnectionStore::Pins::waiting).empty());

  PinChange found{.what = PinChange::What::replace, .pin = added.pin, .was_digest = "d1"};
  found.pin.found_digest = "d2";
  found.pin.found_definition = R"({"x":1})";
  found.pin.found_at = clock_.now();
  EXPECT_EQ(change(found), 1U);
  EXPECT_EQ(change(found), 0U) << "it has moved on";
  const auto waiting = load(ConnectionStore::Pins::waiting);
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0].digest, "d1");
  EXPECT_EQ(waiting[0].found_definition, R"({"x":1})");
  EXPECT_EQ(waiting[0].found_at, clock_.now());

  PinChange erased{.what = PinChange::What::erase, .pin = added.pin, .was_digest = "d1"};
  EXPECT_EQ(change(erased), 0U);
  erased.was_found_digest = "d2";
  EXPECT_EQ(change(erased), 1U);
  EXPECT_TRUE(load(ConnectionStore::Pins::all).empty());
  EXPECT_EQ(code(run(connections().change_pins(other_organization_, connection.id, {}))),
            Errc::not_found);
}

TEST_P(ConnectionContract, erases_with_everything_that_belongs_to_it) {
  const Connection connection = make_connection("a");
  const Connection kept = make_connection("b");
  login(key_of(connection));
  login(key_of(kept));
  const Authorization pending{.key = key_of(connection), .state_hash = "s"};
  ASSERT_TRUE(run(authorizations().save(pending)));
  ASSERT_TRUE(run(connections().save_state(local_organization(), connection.id, {})));
  ASSERT_TRUE(run(connections().erase(local_organization(), connection.id)));
  EXPECT_FALSE(run(connections().find(local_organization(), "a")).value());
  EXPECT_FALSE(run(credentials().find(key_of(connection))).value());
  EXPECT_FALSE(run(authorizations().find(local_organization(), "s")).value());
  EXPECT_EQ(run(credentials().list(local_organization(), {})).value().size(), 1U);
  EXPECT_EQ(code(run(connections().erase(local_organization(), connection.id))), Errc::not_found);
  EXPECT_EQ(code(run(connections().save_state(local_organization(), connection.id, {}))),
            Errc::not_found);
}

}  // namespace
}  // namespace gatehouse::vault
