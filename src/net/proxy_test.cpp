#include "net/proxy.hpp"

#include <gtest/gtest.h>

namespace gatehouse::net {
namespace {

bool is_direct(const std::string& no_proxy, const std::string& url) {
  const auto rules = ProxyRules::make(
      {.http_proxy = "proxy:1", .https_proxy = "http://proxy:2/", .no_proxy = no_proxy});
  return rules->find(*http::Url::parse(url)) == nullptr;
}

TEST(ProxyRules, choose_the_proxy_by_scheme) {
  const auto rules = ProxyRules::make({.http_proxy = "http://a:1", .https_proxy = "b"});
  EXPECT_EQ(rules->find(*http::Url::parse("http://x.example/"))->host, "a");
  EXPECT_EQ(rules->find(*http::Url::parse("https://x.example/"))->host, "b");
  EXPECT_EQ(rules->find(*http::Url::parse("https://x.example/"))->port, 80);
  EXPECT_EQ(ProxyRules::make({})->find(*http::Url::parse("https://x.example/")), nullptr);
}

TEST(ProxyRules, honour_the_forms_of_no_proxy) {
  EXPECT_TRUE(is_direct("*", "https://x.example/"));
  EXPECT_TRUE(is_direct("a.example, example.com", "https://example.com/"));
  EXPECT_TRUE(is_direct("example.com", "https://sub.example.com/"));
  EXPECT_FALSE(is_direct("example.com", "https://notexample.com/"));
  EXPECT_TRUE(is_direct(".example.com", "https://sub.example.com/"));
  EXPECT_TRUE(is_direct("*.example.com", "https://sub.example.com/"));
  EXPECT_TRUE(is_direct("example.com:8443", "https://example.com:8443/"));
  EXPECT_FALSE(is_direct("example.com:8443", "https://example.com/"));
  EXPECT_TRUE(is_direct("10.0.0.0/8", "https://10.1.2.3/"));
  EXPECT_FALSE(is_direct("10.0.0.0/8", "https://11.1.2.3/"));
  EXPECT_TRUE(is_direct("fd00::/8", "https://[fd12::1]/"));
  EXPECT_TRUE(is_direct("[fd12::1]", "https://[fd12::1]/"));
  EXPECT_TRUE(is_direct("", "http://localhost:9/"));
  EXPECT_TRUE(is_direct("", "http://127.0.0.1:9/"));
  EXPECT_FALSE(is_direct("", "https://x.example/"));
}

TEST(ProxyRules, refuse_what_they_do_not_speak_without_repeating_the_password) {
  for (const char* value : {"socks5://u:secret@p:1", "https://u:secret@p:1", "http://u:secret@",
                            "http://u:se%zz@p:1", "http://u:secret@p:99999"}) {
    const auto rules = ProxyRules::make({.https_proxy = value});
    ASSERT_FALSE(rules) << value;
    EXPECT_EQ(rules.error().detail.find("secret"), std::string::npos);
    EXPECT_NE(rules.error().detail.find("HTTPS_PROXY"), std::string::npos);
  }
}

}  // namespace
}  // namespace gatehouse::net
