// Device logins and machine clients, from the request for codes to tokens that are good.
#include <gmock/gmock.h>

#include "fakes/authorization_server_fixture.hpp"
#include "oauth_server/pending_devices.hpp"

namespace gatehouse::oauth_server {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

Settings open_settings(Settings settings) {
  settings.device_logins = DeviceLogins::on;
  settings.machines = {{"robot", "A robot", hash_of("robot-secret")}};
  return settings;
}

class DeviceEndpointTest : public AuthorizationServerFixture {
 protected:
  http::Response ask(http::Request request) {
    fakes::FakeExchange exchange(std::move(request));
    run_to_end(context_, devices_.handle(exchange));
    return exchange.response;
  }
  http::Response post(std::string target, const FormFields& fields, http::Headers headers = {}) {
    headers.add("Content-Type", "application/x-www-form-urlencoded");
    return ask({"POST", std::move(target), std::move(headers), form_encode(fields)});
  }
  std::string register_here() {
    const auto response =
        ask({"POST",
             "/register",
             {{"Content-Type", "application/json"}},
             R"({"client_name":"<b>TV</b>","redirect_uris":["http://127.0.0.1:7777/callback"],)"
             R"("token_endpoint_auth_method":"none","grant_types":["authorization_code",)"
             R"("refresh_token","urn:ietf:params:oauth:grant-type:device_code"]})"});
    EXPECT_EQ(response.status, 201) << response.body;
    return member(response, "client_id");
  }
  http::Response begin() {
    return post(
        "/device_authorization",
        {{"client_id", client_}, {"scope", "notes:read"}, {"resource", std::string(kResource)}});
  }
  http::Response poll(const std::string& code) {
    return post("/token", {{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                           {"client_id", client_},
                           {"device_code", code},
                           {"resource", std::string(kResource)}});
  }
  /// A person types the code and presses a button.
  http::Response decide(const std::string& user_code, const std::string& button,
                        const std::string& value) {
    const auto page = post("/device", {{"user_code", user_code}});
    EXPECT_EQ(page.status, 200) << page.body;
    const std::string cookie(page.headers.find("Set-Cookie").value_or(""));
    return post("/device",
                {{"token", between(page.body, "name=\"token\" value=\"", "\"")}, {button, value}},
                {{"Cookie", cookie.substr(0, cookie.find(';'))}});
  }
  bool is_good(const std::string& token) {
    const auto valid = run_to_end(context_, devices_.check_token(token, std::string(kResource)));
    return valid && *valid;
  }

  AuthorizationServer devices_{open_settings(settings()), store_, nullptr, clock_, logger_};
  std::string client_ = register_here();
};

TEST_F(DeviceEndpointTest, a_typed_code_becomes_tokens) {
  const auto begun = begin();
  ASSERT_EQ(begun.status, 200) << begun.body;
  const std::string code = member(begun, "device_code");
  const std::string user_code = member(begun, "user_code");
  EXPECT_EQ(member(begun, "verification_uri"), std::string(kIssuer) + "/device");
  EXPECT_EQ(member(poll(code), "error"), "authorization_pending");
  EXPECT_EQ(decide(user_code, "user", "ada").status, 200);
  clock_.advance(5s);
  const auto tokens = poll(code);
  ASSERT_EQ(tokens.status, 200) << tokens.body;
  EXPECT_TRUE(is_good(member(tokens, "access_token")));
  EXPECT_FALSE(member(tokens, "refresh_token").empty());
  EXPECT_EQ(member(poll(code), "error"), "invalid_grant");
}

TEST_F(DeviceEndpointTest, who_asks_too_often_is_slowed_down) {
  const std::string code = member(begin(), "device_code");
  EXPECT_EQ(member(poll(code), "error"), "authorization_pending");
  clock_.advance(4s);
  EXPECT_EQ(member(poll(code), "error"), "slow_down");
  clock_.advance(6s);
  EXPECT_EQ(member(poll(code), "error"), "slow_down");
  clock_.advance(20s);
  EXPECT_EQ(member(poll(code), "error"), "authorization_pending");
}

TEST_F(DeviceEndpointTest, a_no_and_the_end_of_the_code_are_told) {
  const auto denied = begin();
  EXPECT_THAT(decide(member(denied, "user_code"), "deny", "1").body, HasSubstr("Nothing"));
  EXPECT_EQ(member(poll(member(denied, "device_code")), "error"), "access_denied");
  const auto old = begin();
  clock_.advance(601s);
  EXPECT_EQ(member(poll(member(old, "device_code")), "error"), "expired_token");
  EXPECT_EQ(post("/device", {{"user_code", member(old, "user_code")}}).status, 400);
}

TEST_F(DeviceEndpointTest, the_page_says_for_whom_and_shows_nothing_raw) {
  const auto begun = begin();
  const std::string code = member(begun, "user_code");
  const auto form = ask({"GET", "/device?user_code=%3Cscript%3E", {}, {}});
  EXPECT_THAT(form.body, Not(HasSubstr("<script")));
  std::string spelled = ascii_lower(code);
  std::erase(spelled, '-');
  const auto page = post("/device", {{"user_code", " " + spelled}});
  EXPECT_THAT(page.body, HasSubstr("&lt;b&gt;TV&lt;/b&gt; wants access"));
  EXPECT_THAT(page.body, HasSubstr(code));
}

TEST_F(DeviceEndpointTest, another_browser_cannot_press_the_button) {
  const auto begun = begin();
  const auto page = post("/device", {{"user_code", member(begun, "user_code")}});
  const std::string token = between(page.body, "name=\"token\" value=\"", "\"");
  EXPECT_EQ(post("/device", {{"token", token}, {"user", "ada"}}).status, 400);
  EXPECT_EQ(member(poll(member(begun, "device_code")), "error"), "authorization_pending");
}

TEST_F(DeviceEndpointTest, codes_belong_to_their_client_and_resource) {
  const auto begun = begin();
  (void)decide(member(begun, "user_code"), "user", "ada");
  const std::string first = std::exchange(client_, register_here());
  EXPECT_EQ(member(poll(member(begun, "device_code")), "error"), "invalid_grant");
  client_ = first;
  EXPECT_EQ(poll(member(begun, "device_code")).status, 200);
  EXPECT_EQ(
      member(post("/device_authorization", {{"client_id", client_}, {"scope", "root"}}), "error"),
      "invalid_scope");
  EXPECT_EQ(member(post("/device_authorization", {{"client_id", "nobody"}}), "error"),
            "invalid_client");
}

TEST_F(DeviceEndpointTest, guessing_codes_ends_soon) {
  const auto begun = begin();
  for (int i = 0; i < PendingDevices::kWrongCodes; ++i)
    (void)post("/device", {{"user_code", "BBBB-BBBB"}});
  EXPECT_EQ(post("/device", {{"user_code", member(begun, "user_code")}}).status, 400);
}

TEST_F(DeviceEndpointTest, a_machine_gets_a_token_for_itself_and_others_do_not) {
  const auto as = [&](const std::string& id, const std::string& secret) {
    return post("/token",
                {{"grant_type", "client_credentials"}, {"resource", std::string(kResource)}},
                {{"Authorization", "Basic " + base64_encode(id + ":" + secret)}});
  };
  const auto tokens = as("robot", "robot-secret");
  ASSERT_EQ(tokens.status, 200) << tokens.body;
  EXPECT_TRUE(is_good(member(tokens, "access_token")));
  EXPECT_EQ(member(tokens, "refresh_token"), "");
  EXPECT_EQ(member(as("robot", "wrong"), "error"), "invalid_client");
  EXPECT_EQ(member(post("/token", {{"grant_type", "client_credentials"}, {"client_id", client_}}),
                   "error"),
            "unauthorized_client");
}

TEST_F(DeviceEndpointTest, nothing_of_it_is_there_unless_switched_on) {
  EXPECT_EQ(get("/device").status, 404);
  EXPECT_THAT(get("/.well-known/oauth-authorization-server").body,
              Not(HasSubstr("device_authorization")));
  const auto metadata = ask({"GET", "/.well-known/oauth-authorization-server", {}, {}});
  EXPECT_THAT(metadata.body, HasSubstr("device_authorization_endpoint"));
  EXPECT_THAT(metadata.body, HasSubstr("client_credentials"));
}

}  // namespace
}  // namespace gatehouse::oauth_server
