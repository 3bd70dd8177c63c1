#include <gtest/gtest.h>

#include "http/message.hpp"
#include "http/sse.hpp"
#include "http/url.hpp"

namespace gatehouse::http {
namespace {

TEST(Headers, find_is_case_insensitive_and_set_replaces_all) {
  Headers headers{{"Accept", "a"}, {"accept", "b"}, {"Host", "h"}};
  EXPECT_EQ(headers.find("ACCEPT"), "a");
  EXPECT_EQ(headers.count("accept"), 2U);
  headers.set("Accept", headers.find_all("accept")[1]);
  EXPECT_EQ(headers.count("accept"), 1U);
  EXPECT_EQ(headers.find("accept"), "b");
  EXPECT_EQ(headers.find("host"), "h");
}

TEST(Url, keeps_its_text_and_splits_into_parts) {
  const Result<Url> url = Url::parse("https://MCP.example.com:8443/a%20b?x=1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->text(), "https://MCP.example.com:8443/a%20b?x=1");
  EXPECT_EQ(url->origin(), "https://mcp.example.com:8443");
  EXPECT_EQ(url->target(), "/a%20b?x=1");
  EXPECT_EQ(Url::parse("https://[::1]:9/")->authority(), "[::1]:9");
  EXPECT_EQ(Url::parse("https://example.com")->target(), "/");
}

TEST(Url, refuses_what_must_not_be_requested) {
  for (const char* text :
       {"", "mcp.example.com", "ftp://a/", "javascript:alert(1)", "https://", "https://user@a/",
        "https://a:b@c/", "https://a/#f", "https://a:0/", "https://a:99999/", "https://a b/",
        "https://a/\r\nx", "https://%00a/", "https://%12/", "https://a%3A1/", "https://%31.2.3.4/",
        "https://a!b/"}) {
    EXPECT_FALSE(Url::parse(text)) << text;
  }
}

TEST(Url, repeats_no_password_in_its_complaint) {
  const Error error = Url::parse("https://me:hunter2@a.example/").error();
  EXPECT_EQ((error.detail + error.hint).find("hunter2"), std::string::npos);
}

TEST(Url, resolves_references_and_knows_loopback) {
  const Url base = *Url::parse("https://a.example/x/y?z=1");
  EXPECT_EQ(base.resolve("../w")->text(), "https://a.example/w");
  EXPECT_EQ(base.resolve("//b.example/c")->origin(), "https://b.example");
  EXPECT_TRUE(Url::parse("http://127.9.9.9/")->names_loopback());
  EXPECT_TRUE(Url::parse("http://app.localhost/")->names_loopback());
  EXPECT_FALSE(Url::parse("http://127.0.0.1.example.com/"));
}

TEST(SseParser, joins_data_lines_across_any_split_of_the_bytes) {
  const std::string bytes =
      "\xEF\xBB\xBF: comment\r\nid: 7\r\nevent: ping\rdata: a\ndata:b\r\n\r\nretry: 500\ndata\n\n";
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    SseParser parser(1024);
    std::vector<SseEvent> events;
    ASSERT_TRUE(parser.feed(std::string_view(bytes).substr(0, split), events));
    ASSERT_TRUE(parser.feed(std::string_view(bytes).substr(split), events));
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].data, "a\nb");
    EXPECT_EQ(events[0].type, "ping");
    EXPECT_EQ(events[0].id, "7");
    EXPECT_EQ(events[1].data, "");
    EXPECT_EQ(events[1].id, "7");
    EXPECT_EQ(parser.retry(), std::chrono::milliseconds(500));
  }
}

TEST(SseParser, reports_priming_events_and_refuses_oversized_ones) {
  SseParser parser(16);
  std::vector<SseEvent> events;
  ASSERT_TRUE(parser.feed("id: 1\n\n", events));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(events[0].has_id);
  EXPECT_TRUE(events[0].data.empty());
  EXPECT_EQ(parser.feed("data: 0123456789012345678", events).error().code, Errc::too_large);
}

TEST(FormatSseEvent, round_trips_through_the_parser) {
  SseParser parser(1024);
  std::vector<SseEvent> events;
  ASSERT_TRUE(parser.feed(format_sse_event("{\"a\":1}\nb", "9", "x"), events));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].data, "{\"a\":1}\nb");
  EXPECT_EQ(events[0].id, "9");
}

}  // namespace
}  // namespace gatehouse::http
