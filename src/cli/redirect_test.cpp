#include "cli/redirect.hpp"

#include <gtest/gtest.h>

namespace gatehouse::cli {
namespace {

TEST(Redirect, is_any_loopback_port_unless_something_is_said) {
  const vault::OAuthSettings settings;
  EXPECT_FALSE(fixed_redirect_uri(settings));
  const RedirectPlan plan = plan_redirect(settings, 4711);
  EXPECT_EQ(plan.kind, RedirectPlan::Port::preferred);
  EXPECT_EQ(plan.port, 4711);
}

TEST(Redirect, is_fixed_by_port_and_path) {
  vault::OAuthSettings settings;
  ASSERT_TRUE(apply_redirect({.port = "8765", .path = "/oauth/back", .uri = {}}, settings));
  EXPECT_EQ(fixed_redirect_uri(settings), "http://127.0.0.1:8765/oauth/back");
  EXPECT_EQ(plan_redirect(settings, 1).kind, RedirectPlan::Port::fixed);
  EXPECT_EQ(plan_redirect(settings, 1).port, 8765);
}

TEST(Redirect, keeps_a_uri_byte_for_byte_and_listens_where_it_leads_here) {
  vault::OAuthSettings settings;
  ASSERT_TRUE(
      apply_redirect({.port = {}, .path = {}, .uri = "http://LocalHost:9/a?b=c"}, settings));
  const RedirectPlan plan = plan_redirect(settings, 0);
  EXPECT_EQ(plan.uri, "http://LocalHost:9/a?b=c");
  EXPECT_EQ(plan.kind, RedirectPlan::Port::fixed);
  EXPECT_EQ(plan.host, "localhost");
  EXPECT_EQ(plan.port, 9);
  EXPECT_EQ(plan.path, "/a");
}

TEST(Redirect, that_leads_elsewhere_is_pasted_back) {
  vault::OAuthSettings settings;
  ASSERT_TRUE(
      apply_redirect({.port = {}, .path = {}, .uri = "https://tools.example.com/cb"}, settings));
  EXPECT_EQ(plan_redirect(settings, 0).kind, RedirectPlan::Port::none);
  ASSERT_TRUE(apply_redirect({.port = {}, .path = {}, .uri = "https://localhost:1/cb"}, settings));
  EXPECT_EQ(plan_redirect(settings, 0).kind, RedirectPlan::Port::none) << "we speak no TLS there";
}

TEST(Redirect, gives_way_to_a_port_said_later) {
  vault::OAuthSettings settings;
  ASSERT_TRUE(
      apply_redirect({.port = {}, .path = {}, .uri = "https://tools.example.com/cb"}, settings));
  ASSERT_TRUE(apply_redirect({.port = "8765", .path = {}, .uri = {}}, settings));
  EXPECT_EQ(fixed_redirect_uri(settings), "http://127.0.0.1:8765/callback");
}

TEST(Redirect, refuses_what_no_provider_should_have) {
  vault::OAuthSettings settings;
  for (const char* uri : {"http://example.com/cb", "ftp://localhost/", "https://a/#b", "callback"})
    EXPECT_FALSE(apply_redirect({.port = {}, .path = {}, .uri = uri}, settings)) << uri;
  for (const char* path : {"callback", "/a?b", "/a b", "/a#b"})
    EXPECT_FALSE(apply_redirect({.port = {}, .path = path, .uri = {}}, settings)) << path;
  EXPECT_FALSE(apply_redirect({.port = "0", .path = {}, .uri = {}}, settings));
  EXPECT_FALSE(apply_redirect({.port = "1", .path = {}, .uri = "https://a/"}, settings));
}

}  // namespace
}  // namespace gatehouse::cli
