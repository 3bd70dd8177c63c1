#include "config/mcp_json.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "config/mcp_text.hpp"
#include "config/relaxed_json.hpp"

namespace gatehouse::config {
namespace {

const FilePlace kPlace{"/work/project", "/home/ada"};

Document parse(std::string_view text) {
  Result<Document> document = parse_mcp_json(text, kPlace);
  EXPECT_TRUE(document) << describe(document.error());
  return document ? std::move(*document) : Document{};
}

FileEntry one(std::string_view entry) {
  Document document = parse("{\"mcpServers\":{\"a\":" + std::string(entry) + "}}");
  EXPECT_EQ(document.entries.size(), 1U);
  return document.entries.empty() ? FileEntry{} : std::move(document.entries.front());
}

std::string problem(std::string_view entry) {
  const FileEntry read = one(entry);
  return read.problem ? describe(*read.problem) : "";
}

TEST(McpJson, both_formats_are_read) {
  const Document claude = parse(R"({"mcpServers": {
    "notion": {"url": "https://mcp.notion.com/mcp"},
    "files": {"command": "npx", "args": ["-y", "server", "${HOME}"], "env": {"A": "${B:-c}"}}}})");
  ASSERT_EQ(claude.entries.size(), 2U);
  EXPECT_EQ(claude.entries[0].line, 2);
  EXPECT_EQ(claude.entries[0].connection.url, "https://mcp.notion.com/mcp");
  EXPECT_EQ(claude.entries[1].connection.command,
            (std::vector<std::string>{"npx", "-y", "server", "${env:HOME}"}));
  EXPECT_EQ(claude.entries[1].connection.environment.at(0).reference, "${env:B:-c}");
  EXPECT_EQ(claude.entries[1].connection.directory, "/work/project");

  const Document code = parse(R"({
    // as VS Code writes it
    "inputs": [{"id": "key"}],
    "servers": {"Git Hub": {"type": "http", "url": "https://a.example/mcp", /* here */
      "headers": {"X-Key": "${input:key}"},},},
  })");
  ASSERT_EQ(code.entries.size(), 1U);
  EXPECT_EQ(code.entries[0].name, "git-hub");
  ASSERT_TRUE(code.entries[0].problem);
  EXPECT_NE(code.entries[0].problem->detail.find("${input:…}"), std::string::npos);
}

TEST(McpJson, one_broken_entry_hides_no_other) {
  const Document document = parse(R"({"mcpServers": {
    "bad": {"url": "nonsense"}, "worse": 7, "Good": {"url": "https://a.example"},
    "good": {"url": "https://b.example"}, "...": {"url": "https://c.example"}}})");
  ASSERT_EQ(document.entries.size(), 5U);
  EXPECT_TRUE(document.entries[0].problem);
  EXPECT_TRUE(document.entries[1].problem);
  EXPECT_FALSE(document.entries[2].problem);
  EXPECT_TRUE(document.entries[3].problem) << "its name is taken";
  EXPECT_TRUE(document.entries[4].problem);
}

TEST(McpJson, what_is_not_json_is_told_by_line_and_column) {
  const Result<Document> document = parse_mcp_json("{\n  \"mcpServers\": {]\n}", kPlace);
  ASSERT_FALSE(document);
  EXPECT_NE(document.error().detail.find("line 2, column 18"), std::string::npos)
      << document.error().detail;
  EXPECT_TRUE(parse("").entries.empty());
  EXPECT_TRUE(parse("// nothing yet\n").entries.empty());
}

TEST(McpJson, placeholders_of_editors_are_filled_in_and_those_of_secrets_kept) {
  const FileEntry entry = one(R"({"command": "${workspaceFolder}/bin/x", "args": ["${userHome}",
    "${workspaceFolderBasename}${/}a", "$${VAR}"], "cwd": "sub",
    "env": {"KEY": "${keyring:a b}", "N": 5, "GONE": null}})");
  ASSERT_FALSE(entry.problem);
  EXPECT_EQ(entry.connection.command,
            (std::vector<std::string>{"/work/project/bin/x", "/home/ada", "project/a", "$${VAR}"}));
  EXPECT_EQ(entry.connection.directory, "/work/project/sub");
  ASSERT_EQ(entry.connection.environment.size(), 2U);
  EXPECT_EQ(entry.connection.environment[0].reference, "${keyring:a b}");
  EXPECT_EQ(entry.connection.environment[1].value.reveal(), "5");
}

TEST(McpJson, headers_of_the_transport_and_doubled_ones_are_refused) {
  for (const char* name : {"Accept", "content-type", "Host", "MCP-Session-Id", "Last-Event-ID",
                           "Mcp-Name", "Transfer-Encoding", "DPoP", "a b"}) {
    EXPECT_NE(problem(std::string(R"({"url":"https://a.example","headers":{")") + name +
                      R"(":"hunter2"}})"),
              "")
        << name;
  }
  const std::string doubled =
      problem(R"({"url":"https://a.example","headers":{"X-Key":"hunter2","x-key":"b"}})");
  EXPECT_NE(doubled.find("x-key stands there twice"), std::string::npos);
  EXPECT_EQ(doubled.find("hunter2"), std::string::npos);
  EXPECT_NE(problem(R"({"url":"https://a.example","headers":{"Authorization":"${A}"},"oauth":{}})"),
            "");
  EXPECT_EQ(problem(R"({"url":"https://a.example","headers":{"X-Org":"1"},"oauth":{}})"), "");
}

TEST(McpJson, no_text_for_people_holds_a_value) {
  for (const char* entry : {R"({"url":"https://user:hunter2@a.example"})", R"({"url":"hunter2"})",
                            R"({"url":"https://a.example","headers":{"X-Key":"hunter2\n"}})",
                            R"({"url":"https://a.example","headers":{"X-Key":"hunter2${"}})",
                            R"({"url":"https://a.example","oauth":{"issuer":"hunter2"}})",
                            R"({"command":"x","env":{"A":"${nope:hunter2"}})",
                            R"({"command":"x","args":["--token=hunter2"],"timeout":"hunter2"})"}) {
    const FileEntry read = one(entry);
    ASSERT_TRUE(read.problem) << entry;
    std::string texts = describe(*read.problem);
    for (const std::string& warning : read.warnings) texts += warning;
    EXPECT_EQ(texts.find("hunter2"), std::string::npos) << texts;
  }
}

TEST(McpJson, a_secret_in_the_file_works_and_is_warned_about) {
  const FileEntry entry =
      one(R"({"url":"https://a.example","headers":{"Authorization":"Bearer hunter2"}})");
  ASSERT_FALSE(entry.problem);
  EXPECT_EQ(entry.connection.auth, vault::AuthKind::headers);
  ASSERT_EQ(entry.warnings.size(), 1U);
  EXPECT_NE(entry.warnings[0].find("Bearer ${env:NAME}"), std::string::npos);
  EXPECT_EQ(entry.warnings[0].find("hunter2"), std::string::npos);
}

TEST(McpJson, unknown_fields_are_warned_about_and_do_no_harm) {
  const FileEntry entry = one(R"({"url":"https://a.example","alwaysAllow":["x"],"description":1})");
  ASSERT_FALSE(entry.problem);
  ASSERT_EQ(entry.warnings.size(), 1U);
  EXPECT_NE(entry.warnings[0].find("alwaysAllow"), std::string::npos);
}

TEST(McpJson, options_say_how_a_server_is_used) {
  using namespace std::chrono_literals;
  const FileEntry entry = one(R"({"url":"https://a.example","disabled":true,
    "tools":{"include":["get_*"],"exclude":["*_all"]}, "timeout":1500,
    "timeouts":{"connect":"5s","idle":"0"}, "retries":2, "roots":["~/notes","file:///a%20b"],
    "logLevel":"WARN",
    "oauth":{"clientId":"c","clientSecret":"${env:S}","scopes":"a b","redirectPort":8123,
             "grant":"client_credentials","dpop":"required"}})");
  ASSERT_FALSE(entry.problem) << describe(*entry.problem);
  const vault::ConnectionOptions& options = entry.connection.options;
  EXPECT_FALSE(options.enabled);
  EXPECT_EQ(options.tools.include, std::vector<std::string>{"get_*"});
  EXPECT_EQ(options.tools.exclude, std::vector<std::string>{"*_all"});
  EXPECT_EQ(options.request_timeout, 1500ms);
  EXPECT_EQ(options.connect_timeout, 5s);
  EXPECT_EQ(options.idle_timeout, 0ms);
  EXPECT_EQ(options.read_retries, 2);
  EXPECT_EQ(options.roots, (std::vector<std::string>{"/home/ada/notes", "/a b"}));
  EXPECT_EQ(options.log_level, "warning");
  const vault::OAuthSettings& oauth = entry.connection.oauth;
  EXPECT_EQ(oauth.client_secret_reference, "${env:S}");
  EXPECT_EQ(oauth.scopes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(oauth.redirect_port, 8123);
  EXPECT_EQ(oauth.grant, vault::Grant::client_credentials);
  EXPECT_EQ(oauth.dpop, vault::Dpop::required);
}

TEST(McpJson, options_that_cannot_hold_are_problems) {
  for (const char* entry :
       {R"({"url":"https://a.example","command":"x"})", "{}", R"({"type":"http","command":"x"})",
        R"({"type":"carrier pigeon","url":"https://a.example"})", R"({"command":""})",
        R"({"url":"https://a.example","tools":{"deny":["x"]}})",
        R"({"url":"https://a.example","retries":99})",
        R"({"url":"https://a.example","timeout":"soon"})",
        R"({"url":"https://a.example","roots":["relative"]})",
        R"({"url":"https://a.example","oauth":{"clientSecret":"${env:S}"}})",
        R"({"url":"https://a.example","oauth":{"assertion":"literal"}})",
        R"({"url":"${file:/secret}"})", R"({"command":"x","env":{"A=B":"1"}})"}) {
    EXPECT_NE(problem(entry), "") << entry;
  }
}

TEST(McpJson, an_approval_covers_what_is_run_contacted_and_sent) {
  const auto digest_of = [](std::string_view entry) { return one(entry).digest; };
  const std::string base = digest_of(R"({"command":"x","args":["a"],"env":{"A":"1"}})");
  EXPECT_EQ(base.size(), 64U);
  EXPECT_EQ(base, digest_of(R"({"args":["a"],"env":{"A":"1"},"command":"x"})"));
  for (const char* other :
       {R"({"command":"x","args":["b"],"env":{"A":"1"}})", R"({"command":"x","args":["a"]})",
        R"({"command":"x","args":["a"],"env":{"A":"${env:B}"}})",
        R"({"command":"x","args":["a"],"env":{"A":"1"},"cwd":"/"})",
        R"({"command":"x","args":["a","b"],"env":{"A":"1"}})",
        R"({"command":"x","args":["a"],"env":{"A":"1"},"roots":["/"]})"}) {
    EXPECT_NE(base, digest_of(other)) << other;
  }
  const FileEntry quiet =
      one(R"({"command":"x","args":["a"],"env":{"A":"1"},"disabled":true,"timeout":5})");
  EXPECT_EQ(base, quiet.digest);
  EXPECT_NE(one(R"({"command":"x","args":["a"],"env":{"A":"1"}})").rest, quiet.rest);
}

TEST(McpJson, an_approval_covers_the_redirect_path_and_older_ones_hold) {
  const std::string base = one(R"({"url":"https://a.example","oauth":{"clientId":"c"}})").digest;
  EXPECT_EQ(base, one(R"({"url":"https://a.example","oauth":{"clientId":"c",
                          "redirectPath":"/callback"}})")
                      .digest);
  const FileEntry other =
      one(R"({"url":"https://a.example","oauth":{"clientId":"c","redirectPath":"/cb"}})");
  EXPECT_NE(base, other.digest);
  EXPECT_EQ(other.connection.oauth.redirect_path, "/cb");
  EXPECT_TRUE(
      one(R"({"url":"https://a.example","oauth":{"redirectPath":"cb?x"}})").problem.has_value());
}

TEST(McpJson, what_is_asked_about_shows_all_but_what_is_named_a_secret) {
  const FileEntry command = one(R"({"command":"x","env":{"NODE_OPTIONS":"--require /evil",
      "KEYBOARD":"de","SSH_ASKPASS":"/evil","API_KEY":"hunter2","PGPASSWORD":"hunter2"}})");
  const std::string shown = entry_json(command.connection, Words::templates, Kept::judged, false);
  for (const char* part :
       {"--require /evil", R"("KEYBOARD":"de")", R"("SSH_ASKPASS":"/evil")",
        R"-("API_KEY":"(as in the file)")-", R"-("PGPASSWORD":"(as in the file)")-"})
    EXPECT_TRUE(shown.contains(part)) << part << shown;
  EXPECT_FALSE(shown.contains("hunter2"));
  const FileEntry http = one(R"({"url":"http://10.0.0.1/mcp","allowPrivateNetwork":true,
      "headers":{"X-A":"b"},"tools":{"exclude":["d*"]},"oauth":{"clientId":"c",
      "clientSecret":"hunter2","grant":"client_credentials","authMethod":"client_secret_post",
      "dpop":"required","redirectPort":7,"redirectPath":"/cb"}})");
  const std::string web =
      entry_json(http.connection, Words::templates, Kept::judged, http.allow_private);
  for (const char* part :
       {R"("allowPrivateNetwork":true)", R"("X-A":"b")", R"("exclude":["d*"])",
        R"-("clientSecret":"(as in the file)")-", R"("grant":"client_credentials")",
        R"("authMethod":"client_secret_post")", R"("dpop":"required")", R"("redirectPort":7)",
        R"("redirectPath":"/cb")"})
    EXPECT_TRUE(web.contains(part)) << part << web;
  EXPECT_FALSE(web.contains("hunter2"));
}

TEST(McpJson, names_become_those_of_connections) {
  EXPECT_EQ(connection_name("GitHub Copilot"), "github-copilot");
  EXPECT_EQ(connection_name("a.b@c"), "a-b-c");
  EXPECT_EQ(connection_name("-x-"), "x-");
  EXPECT_EQ(connection_name("日本"), "");
  EXPECT_EQ(connection_name(std::string(40, 'a')).size(), 32U);
}

std::string documentation() {
  std::ifstream file(std::string(GATEHOUSE_TESTS_DIR) + "/../docs/mcp-json.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(McpJsonDocument, its_examples_are_read_without_a_complaint) {
  const std::string text = documentation();
  int examples = 0;
  for (std::size_t at = 0; (at = text.find("```json\n", at)) != std::string::npos; ++examples) {
    at += 8;
    const Document document = parse(std::string_view(text).substr(at, text.find("```", at) - at));
    EXPECT_TRUE(document.warnings.empty());
    EXPECT_FALSE(document.entries.empty());
    for (const FileEntry& entry : document.entries) {
      EXPECT_FALSE(entry.problem) << entry.name;
      EXPECT_TRUE(entry.warnings.empty()) << entry.name;
    }
  }
  EXPECT_EQ(examples, 2);
}

TEST(McpJsonDocument, it_names_every_field_in_a_table) {
  const std::string text = documentation();
  for (const std::string_view field : known_fields()) {
    const std::size_t at = text.find("`" + std::string(field) + "`");
    ASSERT_NE(at, std::string::npos) << field;
  }
}

TEST(RelaxedJson, comments_and_trailing_commas_become_blanks_in_place) {
  EXPECT_EQ(to_plain_json("{\"a\":\"//,}\" , /*x\n*/ }// end"),
            "{\"a\":\"//,}\"      \n   }      ");
  EXPECT_EQ(to_plain_json("[1,2,]"), "[1,2 ]");
  EXPECT_EQ(to_plain_json("[1,\"a\",\"b\\\",]\"]"), "[1,\"a\",\"b\\\",]\"]");
}

}  // namespace
}  // namespace gatehouse::config
