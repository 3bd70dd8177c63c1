#include "cli/presets.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "cli/connections.hpp"
#include "http/message.hpp"
#include "http/url.hpp"

namespace gatehouse::cli {
namespace {

TEST(Presets, are_sorted_and_their_names_can_be_names_of_connections) {
  EXPECT_TRUE(std::ranges::is_sorted(all_presets(), {}, &Preset::name));
  EXPECT_GE(all_presets().size(), 14U);
  for (const Preset& preset : all_presets()) {
    EXPECT_TRUE(check_connection_name(preset.name)) << preset.name;
    EXPECT_EQ(find_preset(preset.name), &preset) << "names are unique";
    EXPECT_FALSE(preset.title.empty()) << preset.name;
  }
}

TEST(Presets, lead_to_public_https_addresses_without_secrets) {
  for (const Preset& preset : all_presets()) {
    const Result<http::Url> url = http::Url::parse(preset.url);
    ASSERT_TRUE(url) << preset.name;
    EXPECT_TRUE(url->is_https()) << preset.name;
    EXPECT_TRUE(url->query().empty()) << preset.name;
    EXPECT_FALSE(url->names_loopback()) << preset.name;
    if (preset.issuer.empty()) continue;
    const Result<http::Url> issuer = http::Url::parse(preset.issuer);
    ASSERT_TRUE(issuer) << preset.name;
    EXPECT_TRUE(issuer->is_https()) << preset.name;
  }
}

TEST(Presets, say_where_to_get_what_they_need) {
  for (const Preset& preset : all_presets()) {
    const bool needs_page = preset.needs == Needs::client || preset.needs == Needs::key;
    EXPECT_EQ(preset.where_to_get.starts_with("https://"), needs_page) << preset.name;
    EXPECT_EQ(http::is_token(preset.key_header), preset.needs == Needs::key) << preset.name;
    EXPECT_EQ(!preset.key_variable.empty(), preset.needs == Needs::key) << preset.name;
    EXPECT_TRUE(explain_needs(preset).starts_with(preset.title)) << preset.name;
  }
}

TEST(Presets, those_that_were_promised_are_there) {
  for (const char* name :
       {"notion", "linear", "stripe", "sentry", "granola", "polar", "slack", "exa", "render",
        "context7", "github", "atlassian", "asana", "cloudflare"}) {
    EXPECT_NE(find_preset(name), nullptr) << name;
  }
}

TEST(Presets, fill_only_what_was_left_open) {
  vault::Connection connection;
  apply_preset(*find_preset("slack"), connection);
  EXPECT_EQ(connection.preset, "slack");
  EXPECT_EQ(connection.url, "https://mcp.slack.com/mcp");
  EXPECT_EQ(connection.oauth.issuer, "https://mcp.slack.com");
  EXPECT_EQ(connection.oauth.scopes.size(), 11U);
  EXPECT_EQ(connection.oauth.scopes.back(), "users:read");

  vault::Connection own;
  own.url = "http://127.0.0.1:9/mcp";
  own.oauth.scopes = {"mine"};
  own.oauth.issuer = "http://127.0.0.1:9";
  apply_preset(*find_preset("slack"), own);
  EXPECT_EQ(own.url, "http://127.0.0.1:9/mcp");
  EXPECT_EQ(own.oauth.scopes, std::vector<std::string>{"mine"});
  EXPECT_EQ(own.oauth.issuer, "http://127.0.0.1:9");
}

TEST(Presets, a_near_name_or_a_word_of_a_title_finds_them) {
  EXPECT_EQ(find_preset("Notion"), nullptr);
  EXPECT_NE(suggest_presets("notino").find("notion"), std::string::npos);
  EXPECT_NE(suggest_presets("jira").find("atlassian"), std::string::npos);
  EXPECT_EQ(suggest_presets("my-own-server"), "");
  EXPECT_EQ(suggest_presets(""), "");
}

}  // namespace
}  // namespace gatehouse::cli
