#include <gmock/gmock.h>

#include "fakes/authorization_server_fixture.hpp"

namespace gatehouse::oauth_server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AuthorizeEndpointTest : public AuthorizationServerFixture {
 protected:
  static FormFields with(FormFields fields, std::string_view name, std::string value) {
    for (auto& [key, old] : fields) {
      if (key == name) old = value;
    }
    return fields;
  }
};

TEST_F(AuthorizeEndpointTest, metadata_names_the_issuer_byte_for_byte) {
  const auto response = get("/.well-known/oauth-authorization-server");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(member(response, "issuer"), kIssuer);
  EXPECT_EQ(member(response, "token_endpoint"), "http://127.0.0.1:8485/token");
  EXPECT_THAT(response.body, HasSubstr(R"("code_challenge_methods_supported":["S256"])"));
  EXPECT_THAT(response.body, HasSubstr(R"("authorization_response_iss_parameter_supported":true)"));
  EXPECT_THAT(response.body, HasSubstr(R"("client_id_metadata_document_supported":false)"));
}

TEST_F(AuthorizeEndpointTest, the_page_shows_who_asks_and_where_the_answer_goes) {
  const auto page = show(authorize_fields(register_client(), "notes:write"));
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("&lt;b&gt;Agent&lt;/b&gt; wants access"));
  EXPECT_THAT(page.body, HasSubstr("127.0.0.1:7777"));
  EXPECT_THAT(page.body, HasSubstr("Write notes"));
  EXPECT_THAT(page.body, Not(HasSubstr("Read")));
  EXPECT_THAT(page.body, HasSubstr("Continue as Ada"));
  EXPECT_THAT(page.body, HasSubstr("your own machine"));
  EXPECT_EQ(page.headers.find("X-Frame-Options"), "DENY");
  EXPECT_EQ(page.headers.find("Cache-Control"), "no-store");
}

TEST_F(AuthorizeEndpointTest, agreeing_sends_code_state_and_issuer_to_the_redirect_uri) {
  const auto page = show(authorize_fields(register_client()));
  const auto answer = decide(page, "user", "ada");
  EXPECT_EQ(answer.status, 303);
  EXPECT_THAT(std::string(*answer.headers.find("Location")),
              ::testing::StartsWith(std::string(kRedirect) + "?code="));
  EXPECT_EQ(field(location(answer), "state"), "s t&te");
  EXPECT_EQ(field(location(answer), "iss"), kIssuer);
}

TEST_F(AuthorizeEndpointTest, denying_is_an_error_with_state_and_issuer) {
  const auto page = show(authorize_fields(register_client()));
  const auto fields = location(decide(page, "deny", "1"));
  EXPECT_EQ(field(fields, "error"), "access_denied");
  EXPECT_EQ(field(fields, "state"), "s t&te");
  EXPECT_EQ(field(fields, "iss"), kIssuer);
  EXPECT_EQ(server_.counters().codes_issued, 0u);
}

TEST_F(AuthorizeEndpointTest, the_page_works_once_and_only_in_its_browser) {
  const std::string client = register_client();
  const auto page = show(authorize_fields(client));
  const FormFields form{{"token", form_token(page)}, {"user", "ada"}};
  EXPECT_EQ(post_form("/authorize", form).status, 400);
  EXPECT_EQ(post_form("/authorize", form, {{"Cookie", "consent-00000000=x"}}).status, 400);
  EXPECT_EQ(decide(page, "user", "ada").status, 303);
  EXPECT_EQ(decide(page, "user", "ada").status, 400);
  const auto old = show(authorize_fields(client));
  clock_.advance(std::chrono::minutes(11));
  EXPECT_EQ(decide(old, "user", "ada").status, 400);
}

TEST_F(AuthorizeEndpointTest, nothing_is_redirected_to_an_address_that_was_not_registered) {
  const std::string client = register_client();
  for (const std::string_view uri :
       {"https://evil.example/cb", "http://127.0.0.1:7777/other", "http://localhost:7777/callback",
        "http://127.0.0.1:7777/callback?x=1", ""}) {
    const auto page = show(with(authorize_fields(client), "redirect_uri", std::string(uri)));
    EXPECT_EQ(page.status, 400) << uri;
    EXPECT_FALSE(page.headers.contains("Location"));
  }
  EXPECT_EQ(show(with(authorize_fields(client), "client_id", "nobody")).status, 400);
  EXPECT_EQ(get("/authorize?client_id=a&client_id=b").status, 400);
}

TEST_F(AuthorizeEndpointTest, the_port_on_loopback_is_free) {
  const auto page = show(
      with(authorize_fields(register_client()), "redirect_uri", "http://127.0.0.1:40001/callback"));
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(std::string(*decide(page, "user", "ada").headers.find("Location")),
              ::testing::StartsWith("http://127.0.0.1:40001/callback?code="));
}

TEST_F(AuthorizeEndpointTest, other_mistakes_are_told_to_the_client) {
  const FormFields fields = authorize_fields(register_client());
  const auto error = [&](std::string_view name, std::string value) {
    return field(location(show(with(fields, name, std::move(value)))), "error");
  };
  EXPECT_EQ(error("response_type", "token"), "unsupported_response_type");
  EXPECT_EQ(error("code_challenge_method", "plain"), "invalid_request");
  EXPECT_EQ(error("code_challenge", ""), "invalid_request");
  EXPECT_EQ(error("scope", "everything"), "invalid_scope");
  EXPECT_EQ(error("resource", "https://other.example/mcp"), "invalid_target");
  EXPECT_EQ(error("resource", ""), "invalid_target");
}

TEST_F(AuthorizeEndpointTest, registration_refuses_redirects_that_leave_https_and_loopback) {
  const auto attempt = [this](std::string_view uri) {
    return send({"POST", "/register", {}, R"({"redirect_uris":[")" + std::string(uri) + R"("]})"});
  };
  for (const std::string_view uri :
       {"http://example.com/cb", "https://a.example/cb#x", "javascript:alert(1)", "app://cb", ""}) {
    EXPECT_EQ(member(attempt(uri), "error"), "invalid_redirect_uri") << uri;
  }
  const auto response = attempt("https://a.example/cb");
  EXPECT_EQ(response.status, 201);
  EXPECT_GE(member(response, "client_secret").size(), 43u);
  EXPECT_EQ(member(response, "token_endpoint_auth_method"), "client_secret_basic");
  EXPECT_EQ(member(send({"POST", "/register", {}, "[]"}), "error"), "invalid_client_metadata");
}

}  // namespace
}  // namespace gatehouse::oauth_server
