#include "oauth/grants.hpp"

#include <gtest/gtest.h>

namespace gatehouse::oauth {
namespace {

ClientAuthentication basic() {
  return {.client_id = "c1",
          .client_secret = Secret("s1"),
          .method = ClientAuthMethod::client_secret_basic};
}

TEST(Grants, the_client_asks_for_itself) {
  const auto request = make_client_credentials_request("https://a/t", "read", "https://m", basic());
  EXPECT_EQ(request.body, "grant_type=client_credentials&scope=read&resource=https%3A%2F%2Fm");
  EXPECT_TRUE(request.headers.find("Authorization").has_value());
  EXPECT_EQ(make_client_credentials_request("https://a/t", "", "", basic()).body,
            "grant_type=client_credentials");
}

TEST(Grants, an_assertion_of_a_client_without_an_id_stands_alone) {
  const auto request = make_jwt_bearer_request("https://a/t", Secret("a.b.c"), "", "https://m", {});
  EXPECT_EQ(request.body,
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.b.c&"
            "resource=https%3A%2F%2Fm");
}

TEST(Grants, the_exchange_names_audience_and_resource) {
  const auto request = make_identity_exchange_request(
      "https://idp/t",
      {.id_token = Secret("x.y.z"), .audience = "https://as", .resource = "https://m", .scope = ""},
      {.client_id = "idp-client"});
  const auto fields = form_decode(request.body);
  const FormFields expected{{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                            {"requested_token_type", "urn:ietf:params:oauth:token-type:id-jag"},
                            {"subject_token", "x.y.z"},
                            {"subject_token_type", "urn:ietf:params:oauth:token-type:id_token"},
                            {"audience", "https://as"},
                            {"resource", "https://m"},
                            {"client_id", "idp-client"}};
  EXPECT_EQ(*fields, expected);
}

TEST(Grants, only_an_identity_assertion_is_taken_from_the_exchange) {
  const auto good = parse_identity_exchange(
      200, R"({"issued_token_type":"urn:ietf:params:oauth:token-type:id-jag",)"
           R"("access_token":"j.a.g","token_type":"N_A","expires_in":300})");
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(good->reveal(), "j.a.g");
  const auto other = parse_identity_exchange(
      200, R"({"issued_token_type":"urn:ietf:params:oauth:token-type:access_token",)"
           R"("access_token":"at","token_type":"Bearer"})");
  EXPECT_EQ(other.error().code, Errc::protocol);
  EXPECT_EQ(parse_identity_exchange(200, R"({"access_token":"at"})").error().code, Errc::protocol);
  EXPECT_EQ(parse_identity_exchange(
                200, R"({"issued_token_type":"urn:ietf:params:oauth:token-type:id-jag"})")
                .error()
                .code,
            Errc::protocol);
}

TEST(Grants, refusals_keep_the_words_of_the_provider) {
  const auto refused = parse_identity_exchange(
      400, R"({"error":"invalid_grant","error_description":"the subject has left"})");
  EXPECT_EQ(refused.error().code, Errc::invalid_grant);
  EXPECT_NE(refused.error().detail.find("\"the subject has left\""), std::string::npos);
  EXPECT_EQ(parse_identity_exchange(200, R"({"error":"invalid_target"})").error().code,
            Errc::rejected);
  EXPECT_EQ(parse_identity_exchange(502, "").error().code, Errc::server_error);
}

TEST(Grants, the_end_of_an_assertion_is_read_from_its_claims) {
  const auto jwt = [](const char* claims) { return "e30." + base64url_encode(claims) + ".sig"; };
  EXPECT_EQ(jwt_expiry(jwt(R"({"exp":1000})")), SystemTime(std::chrono::seconds(1000)));
  EXPECT_EQ(jwt_expiry(jwt(R"({"exp":1e300})")), SystemTime(std::chrono::seconds(253402300799)));
  EXPECT_FALSE(jwt_expiry(jwt("{}")).has_value());
  for (const char* text : {"", ".", "..", "a.b", "a.!.c", "a.e30.c"})
    EXPECT_FALSE(jwt_expiry(text).has_value()) << text;
}

}  // namespace
}  // namespace gatehouse::oauth
