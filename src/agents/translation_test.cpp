#include "agents/translation.hpp"

#include <gtest/gtest.h>

#include "config/mcp_json.hpp"

namespace gatehouse::agents {
namespace {

config::Document read(Format format, std::string_view text) {
  const Result<Translation> translated = translate(format, text);
  EXPECT_TRUE(translated) << describe(translated.error());
  if (!translated) return {};
  Result<config::Document> document =
      config::parse_mcp_json(translated->json, {.workspace = "/work", .home = "/home/a"});
  EXPECT_TRUE(document) << describe(document.error());
  return document.value_or(config::Document{});
}

const config::FileEntry& entry(const config::Document& document, std::string_view name) {
  for (const config::FileEntry& one : document.entries) {
    if (one.name != name) continue;
    EXPECT_FALSE(one.problem) << describe(one.problem.value_or(Error{}));
    return one;
  }
  ADD_FAILURE() << "no entry " << name;
  static const config::FileEntry none;
  return none;
}

TEST(Translation, takes_servers_of_claude_code_from_person_and_projects) {
  const auto document = read(Format::claude_code, R"({"numStartups": 7, "mcpServers": {
      "notion": {"type": "http", "url": "https://mcp.notion.com/mcp",
                 "headers": {"Authorization": "Bearer ${TOKEN}"}}},
      "projects": {"/home/a/x": {"mcpServers": {"local": {"type": "stdio", "command": "npx",
                   "args": ["-y", "thing"], "env": {"A": "b"}}}}, "/y": {"history": []}}})");
  ASSERT_EQ(document.entries.size(), 2U);
  EXPECT_EQ(entry(document, "notion").connection.headers.at(0).reference, "Bearer ${env:TOKEN}");
  EXPECT_EQ(entry(document, "local").connection.command,
            (std::vector<std::string>{"npx", "-y", "thing"}));
}

TEST(Translation, takes_codex_with_its_variables_times_and_tools) {
  const auto document = read(Format::codex, R"(
model = "x"
[mcp_servers.linear]
url = "https://mcp.linear.app/mcp"
bearer_token_env_var = "LINEAR_TOKEN"
http_headers = { "X-Team" = "core" }
env_http_headers = { "X-Key" = "KEY" }
tool_timeout_sec = 30
startup_timeout_sec = 2.5
enabled_tools = ["list_*"]
disabled_tools = ["delete"]
[mcp_servers.docs]
command = "docs"
args = ["--x"]
env = { MODE = "fast" }
env_vars = ["TOKEN"]
enabled = false
)");
  const vault::Connection& linear = entry(document, "linear").connection;
  EXPECT_EQ(linear.url, "https://mcp.linear.app/mcp");
  std::vector<std::string> headers;
  for (const vault::NamedSecret& header : linear.headers)
    headers.push_back(
        header.name + "=" +
        (header.reference.empty() ? std::string(header.value.reveal()) : header.reference));
  std::ranges::sort(headers);
  EXPECT_EQ(headers, (std::vector<std::string>{"Authorization=Bearer ${env:LINEAR_TOKEN}",
                                               "X-Key=${env:KEY}", "X-Team=core"}));
  EXPECT_EQ(linear.options.request_timeout, std::chrono::seconds(30));
  EXPECT_EQ(linear.options.connect_timeout, std::chrono::milliseconds(2500));
  EXPECT_EQ(linear.options.tools.include, std::vector<std::string>{"list_*"});
  EXPECT_EQ(linear.options.tools.exclude, std::vector<std::string>{"delete"});
  const vault::Connection& docs = entry(document, "docs").connection;
  EXPECT_FALSE(docs.options.enabled);
  ASSERT_EQ(docs.environment.size(), 2U);
}

TEST(Translation, takes_vscode_and_leaves_what_only_an_editor_can_ask) {
  const auto document = read(Format::vscode, R"({ // mine
    "inputs": [{"id": "key", "type": "promptString"}],
    "servers": {"github": {"type": "http", "url": "https://api.githubcopilot.com/mcp/"},
                "keyed": {"url": "https://a.example/mcp", "headers": {"X-Key": "${input:key}"}}}})");
  EXPECT_EQ(entry(document, "github").connection.url, "https://api.githubcopilot.com/mcp/");
  ASSERT_EQ(document.entries.size(), 2U);
  EXPECT_TRUE(document.entries[1].problem);
  const auto settings = read(Format::vscode, R"({"editor.tabSize": 2, "mcp": {"servers": {
      "a": {"command": "x"}}}})");
  EXPECT_EQ(settings.entries.size(), 1U);
}

TEST(Translation, takes_opencode_with_its_placeholders) {
  const auto document = read(Format::opencode, R"({"$schema": "x", "mcp": {
    "local": {"type": "local", "command": ["bun", "x", "srv"], "environment": {"K": "{env:KEY}"}},
    "far": {"type": "remote", "url": "https://far.example/mcp", "enabled": false, "oauth": false,
            "headers": {"Authorization": "Bearer {env:FAR}"}}}})");
  EXPECT_EQ(entry(document, "local").connection.command,
            (std::vector<std::string>{"bun", "x", "srv"}));
  EXPECT_EQ(entry(document, "local").connection.environment.at(0).reference, "${env:KEY}");
  const vault::Connection& far = entry(document, "far").connection;
  EXPECT_EQ(far.headers.at(0).reference, "Bearer ${env:FAR}");
  EXPECT_FALSE(far.options.enabled);
}

TEST(Translation, takes_tomo_and_openab) {
  const auto tomo = read(Format::tomo, R"(
mcp:
  connections:
    jira:
      transport: http
      url: https://mcp.atlassian.com/v1/mcp
      auth: { clientId: abc, scope: "read write" }
    files: { transport: stdio, command: npx, args: [-y, files, "7"], enabled: false }
)");
  EXPECT_EQ(entry(tomo, "jira").connection.oauth.client_id, "abc");
  EXPECT_EQ(entry(tomo, "jira").connection.oauth.scopes,
            (std::vector<std::string>{"read", "write"}));
  EXPECT_EQ(entry(tomo, "files").connection.command,
            (std::vector<std::string>{"npx", "-y", "files", "7"}));
  const Result<Translation> openab = translate(Format::mcp_servers, R"({"mcpServers": {"n": {
      "type": "streamable-http", "url": "https://n.example/mcp", "request_timeout_secs": 5,
      "tool_filter": {"include": ["a*"], "exclude": []}, "log_level": "warning",
      "oauth": {"client_id": "c", "token_url": "https://n.example/token", "scopes": ["s"]}}},
      "idle_ttl_secs": 3})");
  ASSERT_TRUE(openab);
  EXPECT_EQ(openab->losses.size(), 1U);
  const auto document = config::parse_mcp_json(openab->json, {"/", "/"}).value();
  EXPECT_EQ(entry(document, "n").connection.options.tools.include, std::vector<std::string>{"a*"});
  EXPECT_EQ(entry(document, "n").connection.oauth.client_id, "c");
}

TEST(Translation, says_what_is_wrong_with_a_file_and_gives_nothing_for_an_empty_one) {
  EXPECT_EQ(translate(Format::codex, "a = ").error().code, Errc::parse);
  EXPECT_EQ(translate(Format::tomo, "a: [").error().code, Errc::parse);
  EXPECT_EQ(translate(Format::mcp_servers, "{").error().code, Errc::parse);
  EXPECT_EQ(translate(Format::mcp_servers, "").value().json, "{\"mcpServers\":{}}");
  EXPECT_EQ(translate(Format::vscode, "{\"servers\": 7}").value().json, "{\"mcpServers\":{}}");
  // A billion laughs.
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 8; ++j) bomb += ", " + before;
    bomb += "]\n";
  }
  EXPECT_EQ(translate(Format::tomo, bomb).error().code, Errc::too_large);
}

TEST(Translation, bounds_times_that_no_number_of_milliseconds_can_hold) {
  for (const std::string_view time : {"1e300", "-1e300", "9223372036854775807"}) {
    const Result<Translation> translated = translate(
        Format::codex, "[mcp_servers.a]\ncommand = \"x\"\ntool_timeout_sec = " + std::string(time));
    ASSERT_TRUE(translated) << time;
    EXPECT_NE(translated->json.find("1000000000000000"), std::string::npos) << translated->json;
  }
}

TEST(Translation, knows_gatehouse_itself) {
  EXPECT_TRUE(is_gatehouse({"/usr/bin/gatehouse", "stdio"}));
  EXPECT_FALSE(is_gatehouse({"gatehouse"}));
  EXPECT_FALSE(is_gatehouse({"/usr/bin/gatehouse-demo", "stdio"}));
}

}  // namespace
}  // namespace gatehouse::agents
