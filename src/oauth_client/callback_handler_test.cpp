#include "oauth_client/callback_handler.hpp"

#include <gtest/gtest.h>

#include "fakes/oauth_fixture.hpp"

namespace gatehouse::oauth_client {
namespace {

class FakeExchange final : public http::Exchange {
 public:
  explicit FakeExchange(http::Request request) : request_(std::move(request)) {}
  const http::Request& request() const override { return request_; }
  std::string_view peer_address() const override { return "127.0.0.1"; }
  std::string_view request_id() const override { return "r1"; }
  Task<> respond(int status_in, const http::Headers& headers_in,
                 std::span<const std::string_view> pieces) override {
    status = status_in;
    headers = headers_in;
    for (const std::string_view piece : pieces) body += piece;
    co_return;
  }
  Task<Result<void>> start_stream(int, const http::Headers&) override {
    co_return fail(Errc::unsupported, "not here");
  }
  Task<Result<void>> write(std::string_view) override {
    co_return fail(Errc::unsupported, "not here");
  }
  Task<> finish() override { co_return; }
  bool streaming() const override { return false; }
  CancelSource& disconnected() override { return cancel_; }

  int status = 0;
  http::Headers headers;
  std::string body;

 private:
  http::Request request_;
  CancelSource cancel_;
};

class CallbackHandlerTest : public fakes::OAuthFixture {
 protected:
  CallbackHandlerTest() { script_provider(); }

  http::Response hit(const std::string& target, const std::string& host = "127.0.0.1:9999",
                     const std::string& method = "GET") {
    http::Request request{.method = method, .target = target};
    request.headers.add("Host", host);
    FakeExchange exchange(std::move(request));
    run_to_end(context, handler.handle(exchange));
    return {exchange.status, exchange.headers, exchange.body};
  }
  std::string begin() {
    LoginRequest request{.connection = connection,
                         .key = key,
                         .redirect_uri = kRedirect,
                         .challenges = std::vector<std::string>{"Bearer"}};
    const auto pending = run(login.begin(std::move(request)));
    const std::string& url = pending->authorization_url;
    const std::size_t at = url.find("&state=") + 7;
    return url.substr(at, url.find('&', at) - at);
  }

  Login login{store, http, clock, logger, {}};
  std::vector<Result<LoginOutcome>> told;
  CallbackHandler handler{
      login,
      {.organization = local_organization(),
       .hosts = {"127.0.0.1:9999", "localhost:9999"},
       .on_finished = [this](const auto& outcome) { told.push_back(outcome); }}};
};

TEST_F(CallbackHandlerTest, stray_hits_and_wrong_states_leave_the_login_pending) {
  const std::string state = begin();
  EXPECT_EQ(hit("/favicon.ico").status, 404);
  EXPECT_EQ(hit("/callback").status, 404);
  EXPECT_EQ(hit("/callback?").status, 404);
  EXPECT_EQ(hit("/callback?code=c&state=wrong").status, 404);
  EXPECT_EQ(hit("/callback?error=access_denied&state=wrong").status, 404);
  EXPECT_EQ(hit("/callback?code=c&state=" + state, "127.0.0.1:9999", "POST").status, 405);
  EXPECT_TRUE(told.empty());
  EXPECT_EQ(hit("/callback?code=c&iss=https://as.example&state=" + state, "LOCALHOST:9999").status,
            200);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].has_value());
}

TEST_F(CallbackHandlerTest, a_name_that_was_bound_to_this_machine_gets_nothing) {
  const std::string state = begin();
  const auto answer =
      hit("/callback?code=c&iss=https://as.example&state=" + state, "evil.example:9999");
  EXPECT_EQ(answer.status, 421);
  EXPECT_EQ(http.count("POST", kTokenUrl), 0);
  EXPECT_TRUE(told.empty());
}

TEST_F(CallbackHandlerTest, a_refusal_is_told_and_shown_escaped) {
  const std::string state = begin();
  const auto answer =
      hit("/callback?error=access_denied&error_description=%3Cscript%3E&iss=https%3A"
          "%2F%2Fas.example&state=" +
          state);
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body.find("<script>"), std::string::npos);
  EXPECT_NE(answer.body.find("&lt;script&gt;"), std::string::npos);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].error().code, Errc::rejected);
}

TEST_F(CallbackHandlerTest, pages_are_neither_kept_nor_framed_nor_do_they_tell_where_one_was) {
  const auto response = render({.title = "x"});
  EXPECT_EQ(response.headers.find("Cache-Control"), "no-store");
  EXPECT_EQ(response.headers.find("X-Frame-Options"), "DENY");
  EXPECT_EQ(response.headers.find("Referrer-Policy"), "no-referrer");
  EXPECT_NE(response.headers.find("Content-Security-Policy")->find("default-src 'none'"),
            std::string_view::npos);
}

}  // namespace
}  // namespace gatehouse::oauth_client
