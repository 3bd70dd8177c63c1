#include "mcp_client/http_endpoint.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "async/run.hpp"

namespace gatehouse::mcp_client {
namespace {

using namespace std::chrono_literals;

/// Gives every request another proof; wants it again as often as the test says.
class Prover final : public Authorizer {
 public:
  Task<Result<std::vector<Header>>> headers(RequestLine line) override {
    std::vector<Header> made;
    made.push_back({"DPoP", Secret(std::string(line.method) + " " + std::string(line.url) + " " +
                                   std::to_string(++made_))});
    co_return made;
  }
  bool has_proved() const override { return proves; }
  bool on_answer(std::string_view, int status, const http::Headers&) override {
    ++answers;
    return status == 401;
  }
  bool proves = true;
  int answers = 0;

 private:
  int made_ = 0;
};

/// Gives every request the same answer.
class SameAnswer final : public http::Client {
 public:
  Task<Result<http::Reply>> send(http::Request request, http::SendOptions) override {
    sent.push_back(std::move(request));
    co_return answer();
  }
  std::function<http::Reply()> answer;
  std::vector<http::Request> sent;
};

class HttpEndpointTest : public testing::Test {
 protected:
  ~HttpEndpointTest() override { run_to_end(context, tasks.shutdown()); }

  Result<http::Reply> post() {
    HttpTarget target;
    target.url = "https://s/mcp";
    target.authorizer = &prover;
    HttpEndpoint endpoint(std::move(target), Parts{http, tasks, logger, clock});
    return run_to_end(context, endpoint.post("{}", {{"X", "y"}}, 30s, nullptr));
  }
  std::string proof(std::size_t index) const {
    return std::string(http.sent.at(index).headers.find("DPoP").value_or(""));
  }

  boost::asio::io_context context;
  NullLogger logger;
  ManualClock clock;
  TaskGroup tasks{context.get_executor(), logger};
  SameAnswer http;
  Prover prover;
};

TEST_F(HttpEndpointTest, a_request_that_is_wanted_again_goes_out_once_more_with_a_new_proof) {
  http.answer = [] { return http::Reply{.status = 401}; };
  EXPECT_EQ(post()->status, 401);
  ASSERT_EQ(http.sent.size(), 2U);
  EXPECT_EQ(proof(0), "POST https://s/mcp 1");
  EXPECT_EQ(proof(1), "POST https://s/mcp 2");
  EXPECT_EQ(http.sent[1].headers.count("DPoP"), 1U);
  EXPECT_EQ(http.sent[1].headers.find("X"), "y");
  EXPECT_EQ(http.sent[1].body, "{}");
  EXPECT_EQ(prover.answers, 2) << "the second answer's nonce counts too";
}

TEST_F(HttpEndpointTest, what_is_answered_is_not_repeated) {
  http.answer = [] { return http::Reply{.status = 200}; };
  EXPECT_EQ(post()->status, 200);
  EXPECT_EQ(http.sent.size(), 1U);
  EXPECT_EQ(prover.answers, 1);
}

TEST_F(HttpEndpointTest, without_a_proof_nobody_asks) {
  prover.proves = false;
  http.answer = [] { return http::Reply{.status = 401}; };
  EXPECT_EQ(post()->status, 401);
  EXPECT_EQ(http.sent.size(), 1U);
  EXPECT_EQ(prover.answers, 0);
}

TEST_F(HttpEndpointTest, a_second_try_is_not_made_when_the_time_is_over) {
  http.answer = [&] {
    clock.advance(30s);
    return http::Reply{.status = 401};
  };
  EXPECT_EQ(post()->status, 401);
  EXPECT_EQ(http.sent.size(), 1U);
}

}  // namespace
}  // namespace gatehouse::mcp_client
