#include "oauth/device.hpp"

#include <gtest/gtest.h>

namespace gatehouse::oauth {
namespace {

using namespace std::chrono_literals;

constexpr const char* kAnswer =
    R"({"device_code":"dc","user_code":"WDJB-MJHT","verification_uri":"https://as.example/device",)"
    R"("verification_uri_complete":"https://as.example/device?user_code=WDJB-MJHT",)"
    R"("expires_in":900,"interval":7})";

ClientAuthentication public_client() {
  return {.client_id = "c1"};
}

TEST(Device, the_request_carries_scope_and_resource) {
  const auto request = make_device_authorization_request("https://as.example/da", "read",
                                                         "https://m/", public_client());
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.body, "scope=read&resource=https%3A%2F%2Fm%2F&client_id=c1");
  const auto bare =
      make_device_authorization_request("https://as.example/da", "", "", public_client());
  EXPECT_EQ(bare.body, "client_id=c1");
}

TEST(Device, a_poll_names_grant_code_and_resource) {
  const auto request =
      make_device_token_request("https://as.example/t", Secret("dc"), "https://m", public_client());
  EXPECT_EQ(request.body,
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=dc&"
            "resource=https%3A%2F%2Fm&client_id=c1");
}

TEST(Device, an_answer_is_read) {
  const auto device = parse_device_authorization(200, kAnswer);
  ASSERT_TRUE(device.has_value()) << device.error().detail;
  EXPECT_EQ(device->device_code.reveal(), "dc");
  EXPECT_EQ(device->user_code, "WDJB-MJHT");
  EXPECT_EQ(device->verification_uri, "https://as.example/device");
  EXPECT_EQ(device->expires_in, 900s);
  EXPECT_EQ(device->interval, 7s);
}

TEST(Device, what_is_left_out_has_a_default_and_what_is_huge_saturates) {
  const auto bare = parse_device_authorization(
      200, R"({"device_code":"d","user_code":"u","verification_url":"https://g.example/d"})");
  ASSERT_TRUE(bare.has_value());
  EXPECT_EQ(bare->interval, 5s);
  EXPECT_EQ(bare->expires_in, kDeviceCodeLife);
  EXPECT_TRUE(bare->verification_uri_complete.empty());
  const auto huge = parse_device_authorization(
      200, R"({"device_code":"d","user_code":"u","verification_uri":"https://g.example/d",)"
           R"("expires_in":99999999999999999999,"interval":1e300})");
  ASSERT_TRUE(huge.has_value());
  EXPECT_EQ(huge->expires_in, kLongestDeviceCodeLife);
  EXPECT_EQ(huge->interval, kLongestPollInterval);
  const auto zero = parse_device_authorization(
      200, R"({"device_code":"d","user_code":"u","verification_uri":"https://g.example/d",)"
           R"("expires_in":0,"interval":0})");
  EXPECT_EQ(zero->interval, kShortestPollInterval);
  EXPECT_EQ(zero->expires_in, kDeviceCodeLife);
}

TEST(Device, an_answer_without_what_the_person_needs_is_refused_by_name) {
  const auto refused = [](const char* body) {
    return parse_device_authorization(200, body).error().detail;
  };
  EXPECT_NE(refused(R"({"user_code":"u","verification_uri":"https://a/"})").find("device_code"),
            std::string::npos);
  EXPECT_NE(refused(R"({"device_code":"d","verification_uri":"https://a/"})").find("user_code"),
            std::string::npos);
  EXPECT_NE(refused(R"({"device_code":"d","user_code":"u"})").find("verification_uri"),
            std::string::npos);
  EXPECT_EQ(parse_device_authorization(200, "<html>").error().code, Errc::protocol);
}

TEST(Device, a_link_that_must_not_be_opened_is_refused) {
  for (const char* uri :
       {"javascript:alert(1)", "http://as.example/d", "file:///etc/passwd", "//x"}) {
    const auto body =
        std::string(R"({"device_code":"d","user_code":"u","verification_uri":")") + uri + "\"}";
    EXPECT_EQ(parse_device_authorization(200, body).error().code, Errc::policy) << uri;
  }
  const auto device = parse_device_authorization(
      200, R"({"device_code":"d","user_code":"u","verification_uri":"https://a.example/",)"
           R"("verification_uri_complete":"javascript:void"})");
  ASSERT_TRUE(device.has_value());
  EXPECT_TRUE(device->verification_uri_complete.empty());
}

TEST(Device, errors_are_understood_whatever_the_status) {
  EXPECT_EQ(parse_device_authorization(200, R"({"error":"unauthorized_client"})").error().code,
            Errc::invalid_client);
  EXPECT_EQ(parse_device_authorization(400, R"({"error":"invalid_scope"})").error().code,
            Errc::rejected);
  EXPECT_EQ(parse_device_authorization(503, "").error().code, Errc::server_error);
}

TEST(Device, polls_are_judged_by_shape) {
  const auto judge = judge_device_answer;
  EXPECT_EQ(judge(200, R"({"access_token":"a"})"), DeviceAnswer::tokens);
  for (const int status : {200, 400, 401, 403, 428}) {
    EXPECT_EQ(judge(status, R"({"error":"authorization_pending"})"), DeviceAnswer::pending);
    EXPECT_EQ(judge(status, R"({"error":"slow_down"})"), DeviceAnswer::slow_down);
    EXPECT_EQ(judge(status, R"({"error":"access_denied"})"), DeviceAnswer::denied);
    EXPECT_EQ(judge(status, R"({"error":"authorization_declined"})"), DeviceAnswer::denied);
    EXPECT_EQ(judge(status, R"({"error":"expired_token"})"), DeviceAnswer::expired);
    EXPECT_EQ(judge(status, R"({"error":"invalid_grant"})"), DeviceAnswer::refused);
  }
  EXPECT_EQ(judge(200, "error=authorization_pending&error_description=x"), DeviceAnswer::pending);
  EXPECT_EQ(judge(429, ""), DeviceAnswer::slow_down);
  EXPECT_EQ(judge(503, R"({"error":"access_denied"})"), DeviceAnswer::unable);
  EXPECT_EQ(judge(404, "nothing here"), DeviceAnswer::refused);
}

TEST(Device, a_success_that_is_no_token_answer_says_nothing_about_the_login) {
  const auto judge = judge_device_answer;
  for (const char* body : {"<html>sign in to this network</html>", "", "[]", "{}", "7",
                           R"({"token_type":"Bearer"})", R"({"access_token":""})"}) {
    EXPECT_EQ(judge(200, body), DeviceAnswer::unable) << body;
    EXPECT_EQ(judge(204, body), DeviceAnswer::unable) << body;
  }
  EXPECT_EQ(judge(200, R"({"authed_user":{"access_token":"a"}})"), DeviceAnswer::tokens);
  // Tokens that cannot be used came all the same: asking again brings no others.
  EXPECT_EQ(judge(200, R"({"access_token":"a","token_type":"mac"})"), DeviceAnswer::tokens);
}

}  // namespace
}  // namespace gatehouse::oauth
