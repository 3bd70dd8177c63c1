// Where an `endpoint` event may lead.
#include "mcp_client/sse_carrier.hpp"

#include <gtest/gtest.h>

namespace gatehouse::mcp_client {
namespace {

constexpr std::string_view kServer = "https://mcp.example/v1/sse?team=7";

TEST(MessageUrl, is_resolved_against_the_server) {
  EXPECT_EQ(resolve_message_url(kServer, "/messages?session=1"),
            "https://mcp.example/messages?session=1");
  EXPECT_EQ(resolve_message_url(kServer, "messages?session=1"),
            "https://mcp.example/v1/messages?session=1");
  EXPECT_EQ(resolve_message_url(kServer, "?session=1"), "https://mcp.example/v1/sse?session=1");
  EXPECT_EQ(resolve_message_url(kServer, "https://MCP.example:443/m"), "https://MCP.example:443/m");
}

TEST(MessageUrl, stays_at_the_server) {
  for (const char* elsewhere :
       {"https://evil.example/m", "//evil.example/m", "http://mcp.example/m",
        "https://mcp.example:8443/m", "https://mcp.example.evil.example/m"}) {
    const auto url = resolve_message_url(kServer, elsewhere);
    ASSERT_FALSE(url) << elsewhere;
    EXPECT_EQ(url.error().code, Errc::policy) << elsewhere;
  }
}

TEST(MessageUrl, is_an_http_url) {
  for (const char* wrong :
       {"javascript:alert(1)", "file:///etc/passwd", "https://u:p@mcp.example/m",
        "https://mcp.example/m\r\nX: y", "https://"}) {
    const auto url = resolve_message_url(kServer, wrong);
    ASSERT_FALSE(url) << wrong;
    EXPECT_EQ(url.error().code, Errc::protocol) << wrong;
  }
}

}  // namespace
}  // namespace gatehouse::mcp_client
