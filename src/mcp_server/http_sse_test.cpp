#include <gmock/gmock.h>

#include "fakes/mcp_endpoint_fixture.hpp"

namespace gatehouse::mcp_server {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class HttpSse : public HttpFixture {
 protected:
  ~HttpSse() override {
    endpoint_->end_streams();
    poll();
  }
  static http::Request get(std::string_view caller = "ada") {
    return {"GET", "/mcp?x=1", {{"Authorization", caller}, {"Accept", "text/event-stream"}}, {}};
  }
  static std::string url_of(const Open& open) {
    const std::string_view body = open.body();
    constexpr std::string_view kStart = "event: endpoint\ndata: ";
    EXPECT_THAT(std::string(body), StartsWith(std::string(kStart)));
    return std::string(body.substr(kStart.size(), body.find("\n\n") - kStart.size()));
  }
  int tell(std::string_view url, std::string_view body, std::string_view caller = "ada") {
    http::Request request = post(std::string(body), caller);
    request.target = url;
    const int status = send(request).status;
    poll();
    return status;
  }
  static std::string initialize() {
    return R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":)"
           R"({"protocolVersion":"2024-11-05","capabilities":{}}})";
  }
};

TEST_F(HttpSse, a_client_of_2024_is_told_where_to_post_and_answered_on_its_stream) {
  const auto open = start(get());
  const std::string url = url_of(*open);
  EXPECT_THAT(url, StartsWith("/mcp?sessionId="));
  EXPECT_GE(url.size(), 15u + 43u);
  EXPECT_EQ(tell(url, initialize()), 202);
  EXPECT_THAT(open->body(), HasSubstr(R"(data: {"jsonrpc":"2.0","id":1,"result":)"
                                      R"({"protocolVersion":"2024-11-05")"));
  EXPECT_EQ(tell(url, R"({"jsonrpc":"2.0","method":"notifications/initialized"})"), 202);
  ASSERT_EQ(service_.followers.size(), 1u);
  service_.followers[0]->post("notifications/tools/list_changed", {});
  poll();
  EXPECT_THAT(open->body(), HasSubstr("list_changed"));
  EXPECT_EQ(tell(url, R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"wait"}})"),
            202);
  EXPECT_TRUE(service_.waiting);
  leave(*open);
  poll();
  EXPECT_TRUE(service_.followers.empty());
  EXPECT_EQ(tell(url, initialize()), 404);
}

TEST_F(HttpSse, a_stream_exists_for_its_caller_only) {
  const auto open = start(get());
  EXPECT_EQ(tell(url_of(*open), initialize(), "eve"), 404);
  EXPECT_EQ(tell("/mcp?sessionId=nonsense", initialize()), 404);
  http::Request anonymous = post(initialize());
  anonymous.target = url_of(*open);
  anonymous.headers.remove("Authorization");
  EXPECT_EQ(send(anonymous).status, 401);
  endpoint_->end_sessions("ada");
  poll();
  EXPECT_TRUE(open->done);
}

TEST_F(HttpSse, the_old_transport_can_be_switched_off) {
  restart({.old_transport = OldTransport::refused});
  EXPECT_EQ(send(get()).status, 400);
  restart({.eras = Eras::modern_only});
  EXPECT_EQ(send(get()).status, 405);
}

TEST_F(HttpSse, streams_are_bounded) {
  restart({.max_old_streams = 2, .max_old_streams_per_caller = 1});
  start(get());
  EXPECT_EQ(send(get()).status, 503);
  start(get("bob"));
  EXPECT_EQ(send(get("carol")).status, 503);
}

}  // namespace
}  // namespace gatehouse::mcp_server
