#include "oauth/token_retry.hpp"

#include <gtest/gtest.h>

#include "oauth/token.hpp"

namespace gatehouse::oauth {
namespace {

const ClientAuthentication kClient{"c", Secret(), ClientAuthMethod::none};

http::Request refresh() {
  return make_refresh_request("https://as/t", Secret("r"), "https://h/mcp", kClient);
}

http::Request code() {
  return make_code_request("https://as/t", "c1", Secret("v"), "http://127.0.0.1:9/cb",
                           "https://h/mcp", kClient);
}

TEST(TokenRetry, a_refused_resource_is_left_out_of_a_refresh) {
  EXPECT_EQ(judge_refusal(refresh(), 400, R"({"error":"invalid_target"})"),
            TokenRetry::without_resource);
  EXPECT_EQ(judge_refusal(
                refresh(), 400,
                R"({"error":"invalid_request","error_description":"Unknown parameter: Resource"})"),
            TokenRetry::without_resource);
  EXPECT_EQ(judge_refusal(refresh(), 200, R"({"ok":false,"error":"invalid_resource"})"),
            TokenRetry::without_resource);
  const http::Request again = without_parameter(refresh(), "resource");
  EXPECT_EQ(again.body, "grant_type=refresh_token&refresh_token=r&client_id=c");
  EXPECT_EQ(judge_refusal(again, 400, R"({"error":"invalid_target"})"), TokenRetry::none);
}

TEST(TokenRetry, a_refused_scope_is_left_out_of_a_refresh_that_has_one) {
  http::Request scoped = refresh();
  scoped.body += "&scope=a+b";
  EXPECT_EQ(judge_refusal(scoped, 400, R"({"error":"invalid_scope"})"), TokenRetry::without_scope);
  EXPECT_EQ(judge_refusal(refresh(), 400, R"({"error":"invalid_scope"})"), TokenRetry::none);
}

TEST(TokenRetry, a_code_is_never_sent_again_with_less) {
  EXPECT_EQ(judge_refusal(code(), 400, R"({"error":"invalid_target"})"), TokenRetry::none);
}

TEST(TokenRetry, what_is_about_grant_or_client_stands) {
  for (const char* error : {"invalid_grant", "invalid_client", "unauthorized_client"}) {
    const std::string body =
        std::string(R"({"error":")") + error + R"(","error_description":"resource scope json"})";
    EXPECT_EQ(judge_refusal(refresh(), 400, body), TokenRetry::none) << error;
  }
  EXPECT_EQ(judge_refusal(refresh(), 503, R"({"error":"invalid_target"})"), TokenRetry::none);
  EXPECT_EQ(judge_refusal(refresh(), 429, R"({"error":"invalid_target"})"), TokenRetry::none);
  EXPECT_EQ(judge_refusal(refresh(), 200, R"({"access_token":"json"})"), TokenRetry::none);
  EXPECT_EQ(judge_refusal(refresh(), 400, "nope"), TokenRetry::none);
}

TEST(TokenRetry, a_server_that_cannot_read_forms_gets_json) {
  EXPECT_EQ(judge_refusal(code(), 415, ""), TokenRetry::as_json);
  EXPECT_EQ(judge_refusal(code(), 400, "Unexpected token g in JSON at position 0"),
            TokenRetry::as_json);
  EXPECT_EQ(judge_refusal(code(), 422, R"({"detail":"Input should be valid JSON"})"),
            TokenRetry::as_json);
  EXPECT_EQ(judge_refusal(refresh(), 400,
                          R"({"type":"error","error":{"type":"invalid_request_error",)"
                          R"("message":"Content-Type must be application/json"}})"),
            TokenRetry::as_json);
  const http::Request again = as_json_request(code());
  EXPECT_EQ(again.headers.find("Content-Type"), "application/json");
  EXPECT_EQ(again.body, R"({"grant_type":"authorization_code","code":"c1",)"
                        R"("redirect_uri":"http://127.0.0.1:9/cb","code_verifier":"v",)"
                        R"("resource":"https://h/mcp","client_id":"c"})");
  EXPECT_EQ(judge_refusal(again, 415, ""), TokenRetry::as_json);
}

}  // namespace
}  // namespace gatehouse::oauth
