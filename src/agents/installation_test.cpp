#include "agents/installation.hpp"

#include <gtest/gtest.h>

namespace gatehouse::agents {
namespace {

const Launch kLaunch{"/usr/bin/gatehouse", {"stdio"}};

constexpr std::string_view kJson = R"({
  // mine
  "theme": "dark",
  "mcpServers": {
    "notion": { "command": "npx", "args": ["-y", "notion"], }, // keep
  },
}
)";
constexpr std::string_view kToml = R"(model = "o5"  # mine

[mcp_servers.docs]
command = "npx"
args = ["-y", "docs"]

[profiles.a]
model = "x"
)";
constexpr std::string_view kYaml = R"(# mine
theme: dark
mcp:
  connections:
    docs:   # keep
      transport: stdio
      command: npx
other:
  - 1
)";

TEST(Installation, leaves_everything_else_as_it_was_and_goes_without_a_trace) {
  struct Case {
    Format format;
    std::string_view text;
  };
  for (const Case& test :
       {Case{Format::mcp_servers, kJson}, Case{Format::claude_code, kJson},
        Case{Format::mcp_servers, R"({"mcpServers":{"a":{"command":"b"}}})"},
        Case{Format::vscode,
             "{\n\t\"servers\": {\n\t\t\"a\": {\"url\": \"https://a.example\"}\n\t}\n}"},
        Case{Format::opencode, "{\"mcp\": {\"a\": {\"type\": \"remote\", \"url\": \"x\"}}}"},
        Case{Format::codex, kToml}, Case{Format::tomo, kYaml}}) {
    const Result<std::string> added = add_gatehouse(test.format, test.text, kLaunch);
    ASSERT_TRUE(added) << describe(added.error()) << test.text;
    EXPECT_NE(*added, test.text);
    EXPECT_NE(added->find("/usr/bin/gatehouse"), std::string::npos) << *added;
    EXPECT_EQ(add_gatehouse(test.format, *added, kLaunch).value(), *added) << "not idempotent";
    const Launch moved{"/opt/gatehouse", {"stdio"}, "/srv/a \"b\""};
    const std::string replaced = add_gatehouse(test.format, *added, moved).value();
    EXPECT_NE(replaced.find("/opt/gatehouse"), std::string::npos) << replaced;
    EXPECT_EQ(replaced.find("/usr/bin/gatehouse"), std::string::npos) << replaced;
    const std::string removed = remove_gatehouse(test.format, replaced).value();
    EXPECT_EQ(remove_gatehouse(test.format, removed).value(), removed);
    EXPECT_EQ(removed.find("gatehouse"), std::string::npos) << removed;
    if (test.format != Format::codex) EXPECT_EQ(removed, test.text);
  }
}

TEST(Installation, writes_a_whole_document_where_there_is_none) {
  EXPECT_EQ(add_gatehouse(Format::mcp_servers, "", kLaunch).value(), R"({
  "mcpServers": {
    "gatehouse": {"command": "/usr/bin/gatehouse", "args": ["stdio"]}
  }
}
)");
  EXPECT_EQ(add_gatehouse(Format::codex, "", kLaunch).value(),
            "[mcp_servers.gatehouse]\ncommand = \"/usr/bin/gatehouse\"\nargs = [\"stdio\"]\n");
  EXPECT_EQ(add_gatehouse(Format::tomo, "", kLaunch).value(),
            "mcp:\n  connections:\n    gatehouse:\n      transport: stdio\n      command: "
            "\"/usr/bin/gatehouse\"\n      args: [\"stdio\"]\n");
  EXPECT_EQ(add_gatehouse(Format::opencode, "{}", kLaunch).value(), R"({
  "mcp": {
    "gatehouse": {"type": "local", "command": ["/usr/bin/gatehouse", "stdio"], "enabled": true}
  }
})");
}

TEST(Installation, takes_out_what_it_wrote_where_there_was_nothing) {
  for (const std::string_view text : {"", "theme: dark\n", "mcp:\n", "mcp:\n  connections:\n"}) {
    const std::string added = add_gatehouse(Format::tomo, text, kLaunch).value();
    const Result<std::string> removed = remove_gatehouse(Format::tomo, added);
    ASSERT_TRUE(removed) << describe(removed.error()) << added;
    EXPECT_EQ(removed->find("gatehouse"), std::string::npos) << *removed;
    EXPECT_TRUE(add_gatehouse(Format::tomo, *removed, kLaunch)) << *removed;
  }
}

TEST(Installation, finds_its_place_below_what_is_there) {
  const std::string yaml = add_gatehouse(Format::tomo, "mcp:\n  log: 1\nz: 2\n", kLaunch).value();
  EXPECT_EQ(yaml.find("mcp:\n  connections:\n    gatehouse:"), 0U) << yaml;
  const std::string json = add_gatehouse(Format::claude_code, R"({"a":1})", kLaunch).value();
  EXPECT_EQ(json.find(R"({"mcpServers")"), 0U) << json;
}

TEST(Installation, refuses_what_it_cannot_read_or_edit_and_says_what_to_paste) {
  EXPECT_EQ(add_gatehouse(Format::mcp_servers, "{", kLaunch).error().code, Errc::parse);
  EXPECT_EQ(add_gatehouse(Format::mcp_servers, "[1]", kLaunch).error().code, Errc::parse);
  EXPECT_EQ(add_gatehouse(Format::mcp_servers, R"({"mcpServers": 1})", kLaunch).error().code,
            Errc::parse);
  EXPECT_EQ(add_gatehouse(Format::codex, "a = ", kLaunch).error().code, Errc::parse);
  const Result<std::string> flow =
      add_gatehouse(Format::tomo, "mcp: {connections: {a: {transport: stdio}}}\n", kLaunch);
  EXPECT_EQ(flow.error().code, Errc::unsupported);
  EXPECT_NE(flow.error().hint.find("gatehouse:"), std::string::npos) << flow.error().hint;
  const Result<std::string> inlined =
      remove_gatehouse(Format::codex, "mcp_servers = {gatehouse = {command = \"x\"}}\n");
  EXPECT_EQ(inlined.error().code, Errc::unsupported);
}

}  // namespace
}  // namespace gatehouse::agents
