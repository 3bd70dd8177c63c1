#include "oauth/metadata.hpp"

#include <gtest/gtest.h>

namespace gatehouse::oauth {
namespace {

using Urls = std::vector<std::string>;

http::Url url(std::string_view text) {
  return *http::Url::parse(text);
}

TEST(Metadata, a_resource_with_a_path_is_asked_at_the_path_form_and_then_at_the_root) {
  EXPECT_EQ(protected_resource_metadata_urls(url("https://h:1/a/mcp/")),
            (Urls{"https://h:1/.well-known/oauth-protected-resource/a/mcp",
                  "https://h:1/.well-known/oauth-protected-resource"}));
  EXPECT_EQ(protected_resource_metadata_urls(url("https://h")),
            (Urls{"https://h/.well-known/oauth-protected-resource"}));
  EXPECT_EQ(protected_resource_metadata_urls(url("https://h/mcp?k=1")).front(),
            "https://h/.well-known/oauth-protected-resource/mcp?k=1");
}

TEST(Metadata, an_issuer_with_a_path_is_asked_at_three_places_and_never_at_its_root) {
  EXPECT_EQ(*authorization_server_metadata_urls("https://as.example/tenant1"),
            (Urls{"https://as.example/.well-known/oauth-authorization-server/tenant1",
                  "https://as.example/.well-known/openid-configuration/tenant1",
                  "https://as.example/tenant1/.well-known/openid-configuration"}));
  EXPECT_EQ(*authorization_server_metadata_urls("https://as.example/"),
            (Urls{"https://as.example/.well-known/oauth-authorization-server",
                  "https://as.example/.well-known/openid-configuration"}));
  EXPECT_FALSE(authorization_server_metadata_urls("javascript:alert(1)").has_value());
  EXPECT_FALSE(authorization_server_metadata_urls("https://as.example/?t=1").has_value());
}

TEST(Metadata, the_resource_is_kept_byte_for_byte) {
  const auto metadata = parse_protected_resource_metadata(
      R"({"resource":"HTTPS://Host.example:443","authorization_servers":["https://as"],"x":1})");
  ASSERT_TRUE(metadata.has_value());
  EXPECT_EQ(metadata->resource, "HTTPS://Host.example:443");
  EXPECT_EQ(metadata->authorization_servers, Urls{"https://as"});
}

TEST(Metadata, documents_that_lack_what_is_needed_are_refused) {
  EXPECT_EQ(parse_protected_resource_metadata("{}").error().code, Errc::parse);
  EXPECT_EQ(parse_protected_resource_metadata("<html>").error().code, Errc::parse);
  EXPECT_EQ(parse_protected_resource_metadata("[]").error().code, Errc::parse);
  EXPECT_EQ(parse_authorization_server_metadata(R"({"issuer":"https://as"})").error().code,
            Errc::parse);
}

TEST(Metadata, members_of_another_type_count_as_absent) {
  const auto metadata = parse_authorization_server_metadata(
      R"({"issuer":"https://as","authorization_endpoint":"https://as/a","token_endpoint":"https://as/t",
          "registration_endpoint":null,"scopes_supported":"a b","code_challenge_methods_supported":["S256",7]})");
  ASSERT_TRUE(metadata.has_value());
  EXPECT_EQ(metadata->registration_endpoint, "");
  EXPECT_TRUE(metadata->scopes_supported.empty());
  EXPECT_EQ(metadata->code_challenge_methods_supported, Urls{"S256"});
  EXPECT_FALSE(metadata->token_endpoint_auth_methods_supported.has_value());
}

TEST(Metadata, an_issuer_is_compared_as_a_string) {
  AuthorizationServerMetadata metadata{.issuer = "https://as.example"};
  EXPECT_TRUE(check_issuer(metadata, "https://as.example").has_value());
  EXPECT_EQ(check_issuer(metadata, "https://as.example/").error().code, Errc::policy);
  EXPECT_EQ(check_issuer(metadata, "https://AS.example").error().code, Errc::policy);
}

TEST(Metadata, a_server_that_does_not_announce_s256_is_refused) {
  AuthorizationServerMetadata metadata;
  EXPECT_EQ(check_pkce(metadata).error().code, Errc::unsupported);
  metadata.code_challenge_methods_supported = {"plain"};
  EXPECT_EQ(check_pkce(metadata).error().code, Errc::unsupported);
  metadata.code_challenge_methods_supported = {"plain", "S256"};
  EXPECT_TRUE(check_pkce(metadata).has_value());
}

TEST(Metadata, the_resource_must_be_the_server_or_a_prefix_of_it_by_whole_segments) {
  const http::Url server = url("https://h.example/team/mcp?a=1");
  for (const char* good :
       {"https://h.example/team/mcp?a=1", "https://h.example", "https://h.example/",
        "https://h.example/team", "https://h.example/team/mcp/", "https://H.example:443/team"}) {
    EXPECT_TRUE(check_resource(good, server).has_value()) << good;
  }
  for (const char* bad :
       {"https://evil.example.com/mcp", "http://h.example/team/mcp", "https://h.example:8443/team",
        "https://h.example/te", "https://h.example/team/mcp/more", "https://h.example/team/mcp?a=2",
        "urn:x", "", "https://h.example#f"}) {
    EXPECT_FALSE(check_resource(bad, server).has_value()) << bad;
  }
}

TEST(Metadata, default_endpoints_stand_at_the_origin) {
  const auto metadata = default_endpoints(url("http://localhost:3000/mcp"));
  EXPECT_EQ(metadata.issuer, "http://localhost:3000");
  EXPECT_EQ(metadata.authorization_endpoint, "http://localhost:3000/authorize");
  EXPECT_EQ(metadata.registration_endpoint, "http://localhost:3000/register");
}

}  // namespace
}  // namespace gatehouse::oauth
