#include "archive/archive.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "archive/passphrase.hpp"
#include "vault/record_details.hpp"

namespace gatehouse::archive {
namespace {

using vault::NamedSecret;

Contents sample() {
  Contents out;
  vault::Connection& http = out.connections.emplace_back();
  http.id = {"con_1"};
  http.organization = local_organization();
  http.name = "notes";
  http.url = "https://notes.example/mcp";
  http.auth = vault::AuthKind::oauth;
  http.headers = {{"X-Key", Secret("h\xff"), {}}, {"X-Ref", {}, "${env:KEY}"}};
  http.oauth.client_secret = Secret("c1");
  http.oauth.private_key = Secret("pem");
  http.oauth.client_secret_reference = "${file:/secret}";
  http.oauth.scopes = {"read", "write"};
  http.oauth.redirect_port = 4711;
  http.options.tools.exclude = {"delete_*"};
  http.options.request_timeout = std::chrono::milliseconds{1500};
  http.allowances = {{"http://127.0.0.1:9", http::Purpose::connection}};
  vault::Connection& command = out.connections.emplace_back();
  command.id = {"con_2"};
  command.organization = local_organization();
  command.name = "files";
  command.transport = vault::Transport::stdio;
  command.command = {"npx", "-y", "server", "a b"};
  command.environment = {{"TOKEN", Secret("e1"), {}}};
  vault::Registration& registration = out.registrations.emplace_back();
  registration.id = {"reg_1"};
  registration.organization = local_organization();
  registration.issuer = "https://as.example";
  registration.client_id = "client";
  registration.client_secret = Secret("rs");
  registration.redirect_uris = {"http://127.0.0.1/callback"};
  registration.private_key = Secret("rk");
  vault::Credential& credential = out.credentials.emplace_back();
  credential.key = {.organization = local_organization(), .connection = {"con_1"}};
  credential.binding.registration = {"reg_1"};
  credential.binding.server_url = "https://notes.example/mcp";
  credential.tokens.access_token = Secret("a1");
  credential.tokens.refresh_token = Secret("r1");
  credential.tokens.expires_at = SystemTime{std::chrono::milliseconds{1'900'000'000'000}};
  credential.dpop_key = Secret("dpop");
  return out;
}

const Secret kPassphrase("correct horse battery");

const std::string& sealed_sample() {
  static const std::string text = make_archive(sample(), kPassphrase).value();
  return text;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(Archive, carries_everything_under_the_passphrase) {
  const Result<Contents> read = read_archive(sealed_sample(), kPassphrase);
  ASSERT_TRUE(read) << describe(read.error());
  ASSERT_EQ(read->connections.size(), 2U);
  const vault::Connection& http = read->connections[0];
  EXPECT_EQ(http.id.value, "con_1");
  EXPECT_EQ(http.headers[0].value.reveal(), "h\xff");
  EXPECT_EQ(http.headers[1].reference, "${env:KEY}");
  EXPECT_EQ(http.oauth.client_secret.reveal(), "c1");
  EXPECT_EQ(http.oauth.private_key.reveal(), "pem");
  EXPECT_EQ(http.oauth.client_secret_reference, "${file:/secret}");
  EXPECT_EQ(http.oauth.scopes, sample().connections[0].oauth.scopes);
  EXPECT_EQ(http.options, sample().connections[0].options);
  EXPECT_EQ(http.allowances, sample().connections[0].allowances);
  EXPECT_EQ(read->connections[1].command, sample().connections[1].command);
  EXPECT_EQ(read->connections[1].environment[0].value.reveal(), "e1");
  ASSERT_EQ(read->registrations.size(), 1U);
  EXPECT_EQ(read->registrations[0].client_secret.reveal(), "rs");
  EXPECT_EQ(read->registrations[0].private_key.reveal(), "rk");
  ASSERT_EQ(read->credentials.size(), 1U);
  const vault::Credential& credential = read->credentials[0];
  EXPECT_EQ(credential.tokens.refresh_token.reveal(), "r1");
  EXPECT_EQ(credential.tokens.expires_at, sample().credentials[0].tokens.expires_at);
  EXPECT_EQ(credential.dpop_key.reveal(), "dpop");
}

TEST(Archive, holds_no_secret_in_the_clear) {
  const std::string open = make_archive(sample(), std::nullopt).value();
  for (const std::string& text : {open, sealed_sample()}) {
    for (const char* secret : {"\"c1\"", "pem", "\"e1\"", "\"r1\"", "dpop", "YzE=", "cjE="})
      EXPECT_EQ(text.find(secret), std::string::npos) << secret;
  }
  const Result<Outline> outline = read_outline(open);
  ASSERT_TRUE(outline) << describe(outline.error());
  EXPECT_FALSE(outline->sealed);
  EXPECT_EQ(outline->connections[0].headers[1].reference, "${env:KEY}");
  EXPECT_TRUE(outline->connections[0].headers[0].value.empty());
}

TEST(Archive, is_refused_when_the_passphrase_is_wrong_or_an_address_was_changed) {
  EXPECT_EQ(read_archive(sealed_sample(), Secret("wrong")).error().code, Errc::policy);
  const std::string moved =
      replaced(sealed_sample(), "https://notes.example/mcp\"", "https://evil.example/mcp\"");
  ASSERT_TRUE(read_outline(moved));
  EXPECT_EQ(read_archive(moved, kPassphrase).error().code, Errc::policy);
}

TEST(Archive, is_refused_when_it_asks_for_too_much_work) {
  for (const auto& [from, to] : {std::pair{"\"operations\": 3", "\"operations\": 1000000"},
                                 std::pair{"\"operations\": 3", "\"operations\": -1"},
                                 std::pair{"\"memory\": 268435456", "\"memory\": 99999999999999"},
                                 std::pair{"\"memory\": 268435456", "\"memory\": 1"}})
    EXPECT_EQ(read_archive(replaced(sealed_sample(), from, to), kPassphrase).error().code,
              Errc::too_large)
        << to;
}

TEST(Archive, is_refused_with_the_reason_when_it_is_no_export) {
  const std::string open = make_archive(sample(), std::nullopt).value();
  EXPECT_EQ(read_outline("").error().code, Errc::parse);
  EXPECT_EQ(read_outline("{}").error().detail, "the file is not an export of gatehouse");
  EXPECT_EQ(read_outline(replaced(open, "\"version\": 1", "\"version\": 2")).error().code,
            Errc::unsupported);
  EXPECT_EQ(read_outline(replaced(open, "\"files\"", "\"../files\"")).error().code,
            Errc::invalid_argument);
  EXPECT_EQ(read_outline(replaced(open, "\"files\"", "\"notes\"")).error().detail,
            "notes is in the file twice");
  EXPECT_EQ(read_outline(replaced(open, "https://notes.example/mcp", "file:///etc")).error().code,
            Errc::invalid_argument);
  EXPECT_EQ(read_outline(replaced(open, "\"redirect_port\": 4711", "\"redirect_port\": 70000"))
                .error()
                .detail,
            "a connection: redirect_port is not a port");
}

TEST(Archive, takes_no_approval_from_another_machine_along) {
  Contents contents = sample();
  contents.connections[0].origin = "/home/a/mcp.json";
  contents.connections[0].origin_digest = "d";
  const Outline outline = read_outline(make_archive(contents, std::nullopt).value()).value();
  EXPECT_EQ(outline.connections[0].origin, "");
  EXPECT_EQ(outline.connections[0].origin_digest, "");
}

}  // namespace
}  // namespace gatehouse::archive
