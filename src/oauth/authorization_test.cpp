#include "oauth/authorization.hpp"

#include <gtest/gtest.h>

#include "oauth/pkce.hpp"
#include "oauth/scope.hpp"

namespace gatehouse::oauth {
namespace {

constexpr std::string_view kIssuer = "https://as.example";

TEST(Pkce, the_example_of_rfc_7636_is_reproduced) {
  EXPECT_EQ(s256_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
  EXPECT_EQ(make_verifier().reveal().size(), 43U);
  EXPECT_NE(make_state(), make_state());
  EXPECT_EQ(hash_state("x").size(), 64U);
}

TEST(AuthorizationUrl, query_parameters_of_the_endpoint_are_kept) {
  const auto url =
      make_authorization_url({.authorization_endpoint = "https://as.example/a?tenant=1",
                              .client_id = "c:1",
                              .redirect_uri = "http://127.0.0.1:9/callback",
                              .state = "s",
                              .code_challenge = "cc",
                              .resource = "https://h.example",
                              .scope = "a b"});
  EXPECT_EQ(*url,
            "https://as.example/a?tenant=1&response_type=code&client_id=c%3A1"
            "&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcallback&state=s&code_challenge=cc"
            "&code_challenge_method=S256&resource=https%3A%2F%2Fh.example&scope=a%20b");
}

TEST(AuthorizationUrl, without_scopes_the_parameter_is_omitted) {
  const auto url = make_authorization_url({.authorization_endpoint = "https://as.example/a"});
  EXPECT_EQ(url->find("scope"), std::string::npos);
  EXPECT_EQ(url->find("?&"), std::string::npos);
}

TEST(AuthorizationUrl, only_https_and_http_on_loopback_are_opened) {
  for (const char* bad : {"javascript:alert(1)", "data:text/html,x", "file:///etc/passwd",
                          "vbscript:x", "http://as.example/a", "ftp://as.example", "/authorize", "",
                          "https://user@as.example/a", "http://127.0.0.1.evil.example/a"}) {
    EXPECT_EQ(make_authorization_url({.authorization_endpoint = bad}).error().code, Errc::policy)
        << bad;
  }
  EXPECT_TRUE(
      make_authorization_url({.authorization_endpoint = "http://127.0.0.1:1/a"}).has_value());
  EXPECT_TRUE(make_authorization_url({.authorization_endpoint = "http://localhost/a"}).has_value());
}

TEST(Callback, url_target_and_bare_query_are_all_read) {
  for (const char* text :
       {"http://127.0.0.1:9/callback?code=c%2F1&state=s&iss=https%3A%2F%2Fas",
        "/callback?state=s&iss=https://as&code=c/1", "code=c/1&state=s&iss=https://as",
        "  http://127.0.0.1:9/callback?code=c/1&state=s&iss=https://as#frag\n"}) {
    const auto callback = parse_callback(text);
    ASSERT_TRUE(callback.has_value()) << text;
    EXPECT_EQ(callback->code, "c/1");
    EXPECT_EQ(callback->state, "s");
    EXPECT_EQ(callback->iss, "https://as");
  }
}

TEST(Callback, what_is_incomplete_or_ambiguous_is_refused) {
  for (const char* text :
       {"", "code=c", "state=s", "code=c&state=s&state=t", "code=a&code=b&state=s",
        "code=%zz&state=s", "code=&state=s", "iss=a&iss=b&code=c&state=s"}) {
    EXPECT_EQ(parse_callback(text).error().code, Errc::parse) << text;
  }
  EXPECT_EQ(parse_callback("state=s&code=" + std::string(20000, 'x')).error().code, Errc::parse);
}

TEST(Callback, the_rfc_9207_table_holds_in_every_row) {
  struct Row {
    bool advertised;
    std::optional<std::string> iss;
    bool accepted;
  };
  for (const Row& row :
       {Row{true, "https://as.example", true}, Row{true, std::nullopt, false},
        Row{true, "https://evil.example", false}, Row{false, std::nullopt, true},
        Row{false, "https://as.example", true}, Row{false, "https://evil.example", false},
        Row{true, "https://as.example/", false}, Row{true, "HTTPS://as.example", false},
        Row{true, "https://as.example:443", false}, Row{true, "", false}, Row{false, "", false}}) {
    const auto checked = check_callback_issuer(row.iss, kIssuer, row.advertised);
    EXPECT_EQ(checked.has_value(), row.accepted) << row.iss.value_or("(absent)");
    if (!checked) {
      EXPECT_EQ(checked.error().code, Errc::policy);
    }
  }
}

TEST(Callback, an_error_of_the_server_is_quoted_and_bounded) {
  Callback callback{.error = "access_denied",
                    .error_description = std::string(5000, 'x') + "\x1b[2J"};
  const Error error = authorization_error(callback);
  EXPECT_EQ(error.code, Errc::rejected);
  EXPECT_LT(error.detail.size(), 500U);
  EXPECT_EQ(error.detail.find('\x1b'), std::string::npos);
  callback.error = "temporarily_unavailable";
  EXPECT_EQ(authorization_error(callback).code, Errc::server_error);
}

TEST(Scope, the_challenge_wins_over_what_the_resource_lists) {
  EXPECT_EQ(select_scope({.challenge = "b a", .resource_scopes = {"x", "y"}}), "b a");
  EXPECT_EQ(select_scope({.resource_scopes = {"x", "y"}}), "x y");
  EXPECT_EQ(select_scope({}), "");
}

TEST(Scope, a_step_up_asks_for_the_union) {
  EXPECT_EQ(select_scope({.challenge = "mcp:write",
                          .resource_scopes = {"bait"},
                          .previously_requested = "mcp:basic"}),
            "mcp:basic mcp:write");
}

TEST(Scope, offline_access_is_asked_for_only_when_listed) {
  EXPECT_EQ(select_scope({.resource_scopes = {"x"}, .server_scopes = {"offline_access"}}),
            "x offline_access");
  EXPECT_EQ(select_scope({.resource_scopes = {"x", "offline_access"}, .server_scopes = {"x"}}),
            "x");
  EXPECT_EQ(select_scope({.server_scopes = {"offline_access"}}), "");
  EXPECT_EQ(select_scope({.configured = {"offline_access"}}), "offline_access");
}

TEST(Scope, unions_keep_order_and_drop_duplicates) {
  EXPECT_EQ(scope_union("a b", " b  c a "), "a b c");
  EXPECT_EQ(missing_scopes("a b c", "c a"), std::vector<std::string>{"b"});
}

}  // namespace
}  // namespace gatehouse::oauth
