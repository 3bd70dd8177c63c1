#include "oauth_client/discovery.hpp"

#include <gtest/gtest.h>

#include "fakes/oauth_fixture.hpp"
#include "oauth_client/probe.hpp"

namespace gatehouse::oauth_client {
namespace {

using Strings = std::vector<std::string>;

constexpr const char* kPathForm = "https://mcp.example/.well-known/oauth-protected-resource/mcp";
constexpr const char* kRootForm = "https://mcp.example/.well-known/oauth-protected-resource";
constexpr const char* kServerMetadata = "https://as.example/.well-known/oauth-authorization-server";

class DiscoveryTest : public fakes::OAuthFixture {
 protected:
  Discovery find(DiscoveryRequest request = {.server_url = kServer}) {
    return *run(discover(std::move(request), http));
  }
  Discovery find_challenged(const std::string& challenge) {
    return find({.server_url = kServer, .challenges = Strings{challenge}});
  }
  int got(const char* url) const { return http.count("GET", url); }
  static std::string resource(const std::string& resource, const std::string& servers) {
    return R"({"resource":")" + resource + R"(","authorization_servers":[)" + servers + "]}";
  }
  static std::string server(const std::string& issuer) {
    return R"({"issuer":")" + issuer +
           R"(","authorization_endpoint":"https://as.example/authorize",)"
           R"("token_endpoint":"https://as.example/token","code_challenge_methods_supported":["S256"]})";
  }
};

TEST_F(DiscoveryTest, metadata_named_by_the_challenge_is_the_only_one_asked) {
  script_provider();
  http.on("GET https://mcp.example/custom", 200,
          resource("https://mcp.example/mcp", R"("https://as.example")"));
  const Discovery found =
      find_challenged(R"(Bearer scope="a b", resource_metadata="https://mcp.example/custom")");
  EXPECT_EQ(found.finding, Finding::oauth);
  EXPECT_EQ(found.challenge_scope, "a b");
  EXPECT_EQ(found.server->issuer, kIssuer);
  EXPECT_EQ(got(kPathForm) + got(kRootForm), 0);
  EXPECT_EQ(http.sent.size(), 2U);
}

TEST_F(DiscoveryTest, without_a_name_the_path_form_is_asked_before_the_root) {
  script_provider();
  EXPECT_EQ(find_challenged("Bearer").finding, Finding::oauth);
  EXPECT_EQ(got(kPathForm), 1);
  EXPECT_EQ(got(kRootForm), 0);
}

TEST_F(DiscoveryTest, the_resource_is_sent_back_byte_for_byte) {
  script_provider();
  http.on(std::string("GET ") + kPathForm, 404, "");
  http.on(std::string("GET ") + kRootForm, 200,
          resource("https://MCP.example", R"("https://as.example")"));
  EXPECT_EQ(find_challenged("Bearer").resource, "https://MCP.example");
}

TEST_F(DiscoveryTest, a_foreign_resource_stops_everything_before_its_servers_are_asked) {
  script_provider();
  http.on(std::string("GET ") + kPathForm, 200,
          resource("https://evil.example.com/mcp", R"("https://as.example")"));
  const Discovery found = find_challenged("Bearer");
  EXPECT_EQ(found.finding, Finding::unknown);
  EXPECT_EQ(found.problem->code, Errc::policy);
  EXPECT_FALSE(require_server(found).has_value());
  EXPECT_EQ(got(kServerMetadata), 0);
}

TEST_F(DiscoveryTest, an_issuer_with_a_path_is_never_asked_at_its_root) {
  http.on(std::string("GET ") + kPathForm, 200,
          resource(kServer, R"("https://as.example/tenant1")"));
  http.on("GET https://as.example/tenant1/.well-known/openid-configuration", 200,
          server("https://as.example/tenant1"));
  const Discovery found = find_challenged("Bearer");
  EXPECT_EQ(found.server->issuer, "https://as.example/tenant1");
  EXPECT_EQ(got(kServerMetadata), 0);
  EXPECT_EQ(http.sent.size(), 4U);
}

TEST_F(DiscoveryTest, metadata_of_another_issuer_is_discarded) {
  http.on(std::string("GET ") + kPathForm, 200, resource(kServer, R"("https://as.example")"));
  http.on(std::string("GET ") + kServerMetadata, 200, server("https://as.example/"));
  const Discovery found = find_challenged("Bearer");
  EXPECT_EQ(found.problem->code, Errc::policy);
  EXPECT_FALSE(found.server.has_value());
}

TEST_F(DiscoveryTest, a_server_without_pkce_is_refused_and_says_so) {
  script_provider();
  http.on(std::string("GET ") + kServerMetadata, 200,
          R"({"issuer":"https://as.example","authorization_endpoint":"https://as.example/a",)"
          R"("token_endpoint":"https://as.example/t"})");
  const Discovery found = find_challenged("Bearer");
  EXPECT_EQ(found.finding, Finding::oauth);
  EXPECT_EQ(require_server(found).error().code, Errc::unsupported);
}

TEST_F(DiscoveryTest, endpoints_that_are_no_web_addresses_are_refused) {
  script_provider();
  http.on(
      std::string("GET ") + kServerMetadata, 200,
      R"({"issuer":"https://as.example","authorization_endpoint":"javascript:x",)"
      R"("token_endpoint":"https://as.example/t","code_challenge_methods_supported":["S256"]})");
  EXPECT_EQ(find_challenged("Bearer").problem->code, Errc::policy);
}

TEST_F(DiscoveryTest, several_issuers_are_left_to_the_person) {
  script_provider();
  http.on(std::string("GET ") + kPathForm, 200,
          resource(kServer, R"("https://one.example","https://as.example")"));
  Discovery found = find_challenged("Bearer");
  EXPECT_EQ(found.finding, Finding::oauth);
  EXPECT_EQ(found.issuers, (Strings{"https://one.example", "https://as.example"}));
  EXPECT_EQ(require_server(found).error().code, Errc::invalid_argument);
  found = find({.server_url = kServer, .challenges = Strings{"Bearer"}, .issuer = kIssuer});
  EXPECT_EQ(require_server(found)->issuer, kIssuer);
}

TEST_F(DiscoveryTest, a_pinned_issuer_that_is_no_longer_named_stops_and_asks) {
  script_provider();
  const Discovery found = find(
      {.server_url = kServer, .challenges = Strings{"Bearer"}, .issuer = "https://old.example"});
  EXPECT_EQ(require_server(found).error().code, Errc::policy);
  EXPECT_EQ(got(kServerMetadata), 0);
}

TEST_F(DiscoveryTest, a_public_handshake_does_not_disprove_oauth) {
  script_provider();
  http.on("POST https://mcp.example/mcp", [](const http::Request& request) -> Result<http::Reply> {
    if (request.body.find("tools/list") != std::string::npos)
      return http::Reply{.status = 401, .headers = {{"WWW-Authenticate", "Bearer scope=x"}}};
    return http::Reply{.status = 200, .body = R"({"jsonrpc":"2.0","id":1,"result":{}})"};
  });
  const Discovery found = find();
  EXPECT_EQ(found.finding, Finding::oauth);
  EXPECT_EQ(found.challenge_scope, "x");
}

TEST_F(DiscoveryTest, a_server_that_lists_its_tools_to_everybody_needs_nothing) {
  http.on("POST https://mcp.example/mcp", [](const http::Request& request) -> Result<http::Reply> {
    if (request.headers.find("Mcp-Method")) return http::Reply{.status = 400};
    return http::Reply{.status = 200,
                       .headers = {{"Mcp-Session-Id", "s1"}},
                       .body = "event: message\r\ndata: {\"result\":{}}\r\n\r\n"};
  });
  const Discovery found = find();
  EXPECT_EQ(found.finding, Finding::none);
  EXPECT_EQ(http.count("DELETE", kServer), 1) << "the probing session is closed";
  EXPECT_EQ(http.count("GET", "https://mcp.example/.well-known/oauth-authorization-server"), 0);
}

TEST_F(DiscoveryTest, published_metadata_beats_a_public_list) {
  script_provider();
  http.on("POST https://mcp.example/mcp", 200, R"({"result":{"tools":[]}})");
  EXPECT_EQ(find().finding, Finding::oauth);
}

TEST_F(DiscoveryTest, a_bare_refusal_proves_nothing_but_a_login_may_be_tried) {
  http.on("POST https://mcp.example/mcp", 401, R"({"error":"invalid_token"})");
  const Discovery found = find();
  EXPECT_EQ(found.finding, Finding::unknown);
  EXPECT_TRUE(found.guessed_endpoints);
  EXPECT_EQ(found.server->token_endpoint, "https://mcp.example/token");
}

TEST_F(DiscoveryTest, another_scheme_means_headers) {
  http.on("POST https://mcp.example/mcp", 401, "", {{"WWW-Authenticate", "ApiKey realm=x"}});
  const Discovery found = find();
  EXPECT_EQ(found.finding, Finding::headers);
  EXPECT_FALSE(found.server.has_value());
  EXPECT_EQ(require_server(found).error().code, Errc::unsupported);
}

TEST_F(DiscoveryTest, the_fallback_of_2025_03_26_reads_metadata_at_the_origin) {
  http.on("GET https://mcp.example/.well-known/oauth-authorization-server", 200,
          server("https://mcp.example"));
  const Discovery found = find_challenged("Bearer");
  EXPECT_EQ(found.finding, Finding::oauth);
  EXPECT_EQ(found.resource, kServer);
  EXPECT_FALSE(found.guessed_endpoints);
}

TEST_F(DiscoveryTest, nothing_is_guessed_on_an_outage) {
  http.on(std::string("GET ") + kPathForm, 503, "");
  const Discovery found = find_challenged("Bearer");
  EXPECT_EQ(found.finding, Finding::unknown);
  EXPECT_EQ(found.problem->code, Errc::server_error);
  EXPECT_FALSE(found.server.has_value());
}

TEST_F(DiscoveryTest, named_metadata_that_cannot_be_read_now_leads_to_no_other_server) {
  http.on("GET https://mcp.example/.well-known/oauth-authorization-server", 200,
          server("https://mcp.example"));
  http.on(std::string("GET ") + kPathForm, 503, "");
  const Discovery found =
      find_challenged("Bearer resource_metadata=\"" + std::string(kPathForm) + "\"");
  EXPECT_EQ(found.problem->code, Errc::server_error);
  EXPECT_FALSE(found.server.has_value());
  EXPECT_EQ(got("https://mcp.example/.well-known/oauth-authorization-server"), 0);
}

TEST_F(DiscoveryTest, every_step_that_fails_leaves_an_explanation_and_no_server) {
  for (const std::string what : {"POST https://mcp.example/mcp",
                                 "GET https://as.example/.well-known/oauth-authorization-server"}) {
    script_provider();
    http.on("POST https://mcp.example/mcp", 401, "", {{"WWW-Authenticate", "Bearer"}});
    http.on_error(what, Errc::unavailable);
    const Discovery found = find();
    EXPECT_FALSE(found.server.has_value()) << what;
    EXPECT_EQ(found.problem->code, Errc::unavailable) << what;
    EXPECT_FALSE(found.steps.empty());
  }
}

TEST_F(DiscoveryTest, a_blocked_origin_is_named_with_what_would_allow_it) {
  script_provider();
  http.on_error(std::string("GET ") + kServerMetadata, Errc::blocked_address);
  const Discovery found = find_challenged("Bearer");
  EXPECT_EQ(found.problem->code, Errc::blocked_address);
  EXPECT_EQ(found.missing_allowance,
            (http::Allowance{"https://as.example", http::Purpose::authorization_server}));
}

TEST_F(DiscoveryTest, each_request_is_recorded_with_what_follows_from_it) {
  script_provider();
  http.on("POST https://mcp.example/mcp", 401, "", {{"WWW-Authenticate", "Bearer"}});
  const Discovery found = find();
  ASSERT_EQ(found.steps.size(), 3U);
  EXPECT_EQ(found.steps[0].status, 401);
  EXPECT_EQ(found.steps[1].url, kPathForm);
  EXPECT_EQ(found.steps[2].url, kServerMetadata);
  EXPECT_NE(found.summary.find("https://as.example"), std::string::npos);
}

TEST(Probe, answers_are_judged_by_status_and_shape) {
  EXPECT_EQ(judge_probe(401, "", 0), ProbeVerdict::challenged);
  EXPECT_EQ(judge_probe(403, "", 1), ProbeVerdict::challenged);
  EXPECT_EQ(judge_probe(403, "", 0), ProbeVerdict::refused);
  EXPECT_EQ(judge_probe(200, "<html>", 0), ProbeVerdict::refused);
  EXPECT_EQ(judge_probe(200, R"({"error":{}})", 0), ProbeVerdict::refused);
  EXPECT_EQ(judge_probe(200, "data: {\"result\":{}}\n\n", 0), ProbeVerdict::open);
  EXPECT_EQ(judge_probe(404, R"({"result":{}})", 0), ProbeVerdict::refused);
}

}  // namespace
}  // namespace gatehouse::oauth_client
